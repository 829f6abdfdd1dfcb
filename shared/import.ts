import type { LimitFunction } from 'p-limit';
import { ConflictError } from './errors.ts';
import { imageKey } from './image-keys.ts';
import type { ImageRecord } from './images.ts';
import { type AttemptServices, attempt } from './import-attempt.ts';
import { type RecordServices, toRecord } from './import-outcome.ts';
import type { Reference } from './reference.ts';
import type { Registries } from './registries.ts';
import type { InTurn } from './turns.ts';

/** What an import needs. */
export interface ImportServices extends AttemptServices, RecordServices {
  registries: Registries;
  /** Imports of one tag run one after the other in this instance. */
  inTurn: InTurn;
  /** Lets only so many imports of this instance run at once; a burst waits here, and not on its services. */
  atMost: LimitFunction;
}

export interface ImportRequest extends Reference {
  /** Name of the registry, ours. */
  registry: string;
  /** When the image was pushed, as far as the caller knows. */
  pushedOn?: Date;
  /** Leaves the image alone unless its record says that its time has come, so that sweeps may overlap. */
  onlyIfDue?: boolean;
}

/** What happened: the record, and whether this call wrote it. */
export interface ImportResult {
  /** Absent only when there was nothing to do and nothing known. */
  record: ImageRecord | undefined;
  changed: boolean;
}

/** Longest time for one import, well below the 30 s after which Event Grid delivers again. */
export const IMPORT_BUDGET_MS = 20_000;
/** Conflicts over the record once the time is up, when all that is left to do is to write that down. */
const MOST_LATE_CONFLICTS = 10;

/**
 * Makes Coder have what the registry holds under one tag now, as the policy says, and records the outcome. May be
 * called any number of times, at once and in any order: the registry is asked each time, and an outcome that was
 * decided on an outdated record is not written but decided again.
 *
 * @param signal ends the import; it is then `pending`, to be taken up again
 * @throws StorageError when the outcome could not be written; nothing is lost if the caller tries again
 */
export async function importImage(
  services: ImportServices,
  request: ImportRequest,
  signal: AbortSignal,
): Promise<ImportResult> {
  const work = () => services.atMost(() => importUntilWritten(services, request, signal));
  try {
    return await services.inTurn(`${request.registry} ${imageKey(request)}`, signal, work);
  } catch (error) {
    // The wait for our turn took all the time, which is an outcome to record as well.
    if (error === signal.reason) return work();
    throw error;
  }
}

async function importUntilWritten(
  services: ImportServices,
  { onlyIfDue, ...request }: ImportRequest,
  signal: AbortSignal,
): Promise<ImportResult> {
  const { registries, images, now } = services;
  let isTrusted = true;
  for (let lateConflicts = 0; ; ) {
    // Read each time: a conflict may have come from somebody who changed the registry.
    const registry = await registries.get(request.registry);
    if (!registry) return { record: undefined, changed: false };
    const previous = await images.get(registry.name, request);
    if (onlyIfDue && !isDue(previous, now())) return { record: previous, changed: false };

    const pushedOn = latest(request.pushedOn, previous?.pushedOn) ?? now();
    const image = { ...request, registry, pushedOn };
    try {
      const outcome = await attempt(services, image, isTrusted ? previous : undefined, signal);
      if (!outcome) return { record: previous, changed: false };
      const record = toRecord(services, image, previous, outcome);
      await images.save(record, previous);
      return { record, changed: true };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // We may have changed Coder by now, so that what the record says of it need not be true any more.
      isTrusted = false;
      if (signal.aborted && ++lateConflicts > MOST_LATE_CONFLICTS) throw error;
    }
  }
}

function isDue(record: ImageRecord | undefined, now: Date): boolean {
  return record?.dueOn !== undefined && record.dueOn <= now;
}

function latest(...times: (Date | undefined)[]): Date | undefined {
  return times.filter(time => time !== undefined).sort((a, b) => b.getTime() - a.getTime())[0];
}
