import type { Log } from '../lib/log.ts';
import { timeLimit } from '../lib/time-limit.ts';
import { isUnderWay } from '../reasons.ts';
import type { ImageRecord } from '../records/image.ts';
import { type ImportRequest, type ImportResult, type ImportServices, importImage } from './import.ts';

export interface FollowServices extends ImportServices {
  /** Waits, or ends early when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Longest time for one look at what the target has under way. */
const LOOK_BUDGET_MS = 8_000;

/**
 * Imports an image, and looks again for as long as the target has work on it under way and there is time, so that what
 * is quick is done in one go. What is left then is looked after by the sweep.
 *
 * @throws StorageError when an outcome could not be written
 */
export async function importAndFollow(
  services: FollowServices,
  request: ImportRequest,
  signal: AbortSignal,
  log: Log,
): Promise<ImportResult> {
  let result = await importImage(services, request, signal);
  logImport(log, result);
  for (let dueOn = nextLook(result.record); dueOn && !signal.aborted; dueOn = nextLook(result.record)) {
    await services.wait(dueOn.getTime() - services.now().getTime(), signal);
    if (signal.aborted) break;
    const { registry, repository, tag } = request;
    const again = { registry, repository, tag, onlyIfDue: true };
    const look = await importImage(services, again, timeLimit(LOOK_BUDGET_MS));
    if (!look.record) break;
    if (look.changed && nextLook(look.record) === undefined) logImport(log, look);
    result = { ...look, changed: result.changed || look.changed };
  }
  return result;
}

function nextLook(record: ImageRecord | undefined): Date | undefined {
  return record && isUnderWay(record) ? record.dueOn : undefined;
}

/** One line per import. `latencyMs` is there when this import brought the image to Coder. */
export function logImport(log: Log, { record, changed, stack }: ImportResult): void {
  if (!record) return;
  const { registry, repository, tag, digest, state, reason, message, attempts, dueOn } = record;
  const latencyMs = state === 'imported' ? record.latencyMs : undefined;
  const image = { registry, repository, tag, digest, state, reason };
  const entry = { ...image, message, attempts, dueOn, latencyMs, stack };
  if (!changed) log.info('nothing to do', image);
  else if (state === 'failed') log.error('import', entry);
  else log.info('import', entry);
}
