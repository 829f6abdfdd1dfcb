import { LONGEST_RETRY_AFTER_MS, nextAttempt } from './backoff.ts';
import type { ImageRecord } from './images.ts';
import type { ImageToImport } from './import-attempt.ts';
import { type ImageReason, REASONS } from './reasons.ts';

/** What one attempt at an import came to. */
export interface Outcome {
  reason: ImageReason;
  message: string;
  digest?: string | undefined;
  retryAfterMs?: number | undefined;
  coderImageId?: string;
}

export interface RecordServices {
  now: () => Date;
  random: () => number;
  maxAttempts: number;
}

/** How long replicas of a registry may differ, as far as we wait for them. */
const LOOK_AGAIN_MS = 60_000;

/** The record that an outcome makes of the one before it, with the time of the next attempt if there is to be one. */
export function toRecord(
  services: RecordServices,
  { registry, repository, tag, pushedOn }: ImageToImport,
  previous: ImageRecord | undefined,
  { reason, message, digest, retryAfterMs, coderImageId }: Outcome,
): ImageRecord {
  const at = services.now();
  const imageId = coderImageId ?? previous?.coderImageId;
  const record = {
    ...{ registry: registry.name, repository, tag, reason, message, pushedOn, updatedOn: at },
    ...(digest && { digest }),
    ...(previous?.importedOn && { importedOn: previous.importedOn }),
    ...(imageId && { coderImageId: imageId }),
  };
  const { state } = REASONS[reason];
  if (state === 'imported') return { ...record, state, attempts: 0, importedOn: at };
  if (reason === 'gone' && mayStillShow(pushedOn, previous, at)) {
    return { ...record, state, attempts: 0, dueOn: new Date(at.getTime() + LOOK_AGAIN_MS) };
  }
  if (state !== 'pending') return { ...record, state, attempts: 0 };
  return { ...record, ...schedule(services, previous, digest, retryAfterMs, message) };
}

/**
 * A replica of the registry may not have a tag yet that was pushed to another one, so a tag that is missing right
 * after its push is looked for once more.
 */
function mayStillShow(pushedOn: Date, previous: ImageRecord | undefined, now: Date): boolean {
  const isFresh = now.getTime() - pushedOn.getTime() < LOOK_AGAIN_MS;
  return isFresh && !(previous?.reason === 'gone' && previous.dueOn);
}

/** When a pending import is tried again, or that it is given up. */
function schedule(
  { now, random, maxAttempts }: RecordServices,
  previous: ImageRecord | undefined,
  digest: string | undefined,
  retryAfterMs: number | undefined,
  message: string,
): Pick<ImageRecord, 'state' | 'attempts' | 'message'> & { dueOn?: Date; digest?: string } {
  const known = digest ?? previous?.digest;
  const goesOn = previous?.state === 'pending' && (previous.digest ?? known) === known;
  const kept = known === undefined ? {} : { digest: known };
  // An event that comes before the time uses up no attempt: many may come at once.
  if (goesOn && previous.dueOn && previous.dueOn > now()) {
    const asked = new Date(now().getTime() + Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS));
    const dueOn = asked > previous.dueOn ? asked : previous.dueOn;
    return { ...kept, state: 'pending', message, attempts: previous.attempts, dueOn };
  }
  const attempts = goesOn ? previous.attempts + 1 : 1;
  if (attempts >= maxAttempts) {
    return { ...kept, state: 'failed', message: `${message} Given up after ${attempts} attempts.`, attempts };
  }
  return {
    ...kept,
    state: 'pending',
    message,
    attempts,
    dueOn: nextAttempt(attempts, now(), retryAfterMs, random),
  };
}
