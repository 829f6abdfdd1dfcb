import type { Memo } from '../coder/target.ts';
import type { RequestWords } from '../coder/words.ts';
import { LONGEST_MESSAGE } from '../errors.ts';
import { LONGEST_RETRY_AFTER_MS, nextAttempt } from '../lib/backoff.ts';
import { shorten } from '../lib/shorten.ts';
import type { Reference } from '../policy/reference.ts';
import { type ImageReason, REASONS } from '../reasons.ts';
import type { AwaitedPush, HeardBy, ImageRecord } from '../records/image.ts';
import type { Registry } from '../records/registry.ts';

/** A tag to import, with the registry's present record. */
export interface ImageToImport extends Reference {
  registry: Registry;
  /** The latest push that the bridge knows, and how it learned of it; now, when it knows none. */
  pushedOn: Date;
  isPushKnown: boolean;
  heardBy: HeardBy;
  /** That push, while the registry may not show it yet. */
  awaited?: AwaitedPush | undefined;
  /** The values that a person gave who imported it by hand. */
  requested?: RequestWords;
  /** A person asked to try it again. */
  isRetry: boolean;
  /** They named this very image. */
  liftsHold: boolean;
}

/** The outcome of one attempt at an import. */
export interface Outcome {
  reason: ImageReason;
  message: string;
  /** What a person must do, where the reason alone does not say it. */
  remedy?: string | undefined;
  digest?: string | undefined;
  /** The push that the registry may not show yet. */
  awaited?: AwaitedPush | undefined;
  /** What an image is for that is left out because of it. */
  platforms?: string | undefined;
  retryAfterMs?: number | undefined;
  /** When to check again what the target or the registry has under way; this does not count as an attempt. */
  lookAgainOn?: Date;
  /** The latest time to try a pending image again; without it, the number of attempts is limited. */
  until?: Date;
  memo?: Memo;
  /** The digest that Coder shows. */
  coderDigest?: string;
  /** Where the bridge itself failed. */
  stack?: string | undefined;
  /** Coder does not have it, or no longer offers it. */
  notInCoder?: boolean;
}

export interface RecordServices {
  now: () => Date;
  random: () => number;
  maxAttempts: number;
}

/** The record after an outcome, with the time of the next attempt if there is one. */
export function toRecord(
  services: RecordServices,
  { registry, repository, tag, pushedOn, isPushKnown, heardBy, requested }: ImageToImport,
  previous: ImageRecord | undefined,
  outcome: Outcome,
): ImageRecord {
  const { reason, remedy, digest, awaited, platforms } = outcome;
  const message = shorten(outcome.message, LONGEST_MESSAGE);
  const at = services.now();
  const { state } = REASONS[reason];
  const record = {
    ...{ registry: registry.name, repository, tag, reason, message, heardBy, updatedOn: at },
    // What is not in the registry, and was never seen there, was not pushed now.
    ...((isPushKnown || state !== 'removed') && { pushedOn }),
    ...(remedy && { remedy }),
    ...(digest && { digest }),
    ...(awaited && { awaited }),
    ...(platforms && { platforms }),
    ...(requested && { requested }),
    ...inCoder(previous, outcome),
  };
  if (state === 'imported')
    return { ...record, state, attempts: 0, importedOn: at, ...latency({ pushedOn, heardBy }, previous, at) };
  if (state !== 'pending') return { ...record, state, attempts: 0 };
  return { ...record, ...schedule(services, previous, { ...outcome, message }) };
}

/** The record's fields about the image in Coder. */
function inCoder(
  previous: ImageRecord | undefined,
  { memo = previous?.memo, coderDigest = previous?.coderDigest, notInCoder }: Outcome,
): Partial<ImageRecord> {
  if (notInCoder) return {};
  const { importedOn, latencyMs } = previous ?? {};
  return {
    ...(importedOn && { importedOn }),
    ...(latencyMs !== undefined && { latencyMs }),
    ...(memo && { memo }),
    ...(coderDigest && { coderDigest }),
  };
}

/**
 * Latency of the first arrival after a push, and only for pushes with an event: an image that is older than the bridge
 * would give a misleading one.
 */
function latency(
  { pushedOn, heardBy }: Pick<ImageToImport, 'pushedOn' | 'heardBy'>,
  previous: ImageRecord | undefined,
  importedOn: Date,
): { latencyMs?: number } {
  if (previous?.importedOn && previous.importedOn > pushedOn && previous.state === 'imported') return {};
  return heardBy === 'event' ? { latencyMs: importedOn.getTime() - pushedOn.getTime() } : {};
}

type Schedule = Pick<ImageRecord, 'state' | 'attempts' | 'message' | 'dueOn' | 'digest'>;

/** When to try a pending import again, or that the bridge gives up. */
function schedule(
  { now, random, maxAttempts }: RecordServices,
  previous: ImageRecord | undefined,
  { message, digest, retryAfterMs, lookAgainOn, until }: Outcome,
): Schedule {
  const known = digest ?? previous?.digest;
  const goesOn = previous?.state === 'pending' && (previous.digest ?? known) === known;
  const kept = known === undefined ? {} : { digest: known };
  if (lookAgainOn) {
    return {
      ...kept,
      state: 'pending',
      message,
      attempts: goesOn ? previous.attempts : 0,
      dueOn: lookAgainOn,
    };
  }
  // An event before the due time does not count as an attempt: many events may come at once.
  if (goesOn && previous.dueOn && previous.dueOn > now()) {
    const asked = new Date(now().getTime() + Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS));
    const dueOn = asked > previous.dueOn ? asked : previous.dueOn;
    return { ...kept, state: 'pending', message, attempts: previous.attempts, dueOn };
  }
  const attempts = goesOn ? previous.attempts + 1 : 1;
  if (!until && attempts >= maxAttempts) {
    return { ...kept, state: 'failed', message: `${message} Given up after ${attempts} attempts.`, attempts };
  }
  const next = nextAttempt(attempts, now(), retryAfterMs, random);
  return { ...kept, state: 'pending', message, attempts, dueOn: until && until < next ? until : next };
}
