import type { Publish } from '../azure/event-grid.ts';
import type { RequestWords } from '../coder/words.ts';
import { ConflictError, UnreadableRowError } from '../errors.ts';
import type { AtMost } from '../lib/keyed-limit.ts';
import type { KeyedMutex } from '../lib/keyed-mutex.ts';
import { formatReference, type Reference } from '../policy/reference.ts';
import type { ImageRecord, StoredImage } from '../records/image.ts';
import type { Registry } from '../records/registry.ts';
import type { Registries } from '../records/registry-table.ts';
import { type AttemptServices, beginAttempt, carryOut } from './attempt.ts';
import { type ImageToImport, type RecordServices, toRecord } from './outcome.ts';
import { pushOf, type ToldPush } from './push.ts';
import type { ImportFacts } from './step.ts';

/** The services that an import needs. */
export interface ImportServices extends AttemptServices, RecordServices {
  registries: Registries;
  /**
   * Runs imports of one repository one after the other in this instance, since only one at a time may change Coder.
   * Otherwise imports that wait for another instance could take the places of all other repositories.
   */
  mutex: KeyedMutex;
  /**
   * Limits how many imports of one registry run at once in this instance. A burst waits here, so that it does not
   * overload the services, and a registry that does not answer holds up no other.
   */
  atMost: AtMost;
  publish: Publish;
  /** Longest time for one import. */
  importBudgetMs: number;
}

export interface ImportRequest extends Reference, ToldPush {
  /** The bridge's name of the registry. */
  registry: string;
  /** Does nothing unless the record is due and no other worker has the image. */
  onlyIfDue?: boolean;
  /** Checks Coder even if the record says that Coder has the image. */
  inDoubt?: boolean;
  /** Does and writes nothing when the policy does not import the image. */
  onlyToImport?: boolean;
  /** The caller's values, which replace those of rule and labels; kept for later pushes of the tag. */
  requested?: RequestWords;
  /** A person named this very image to try it again, with what was refused or taken back before. */
  isRetry?: boolean;
}

/** The result: the record, and whether this call wrote it. */
export interface ImportResult {
  /** Absent only when there was nothing to do and no record. */
  record: ImageRecord | undefined;
  changed: boolean;
  /** Only what is due was asked for, and the record is not. */
  notDue?: boolean;
  /** Where the bridge itself failed, for the log. */
  stack?: string;
}

/** Conflicts that are retried once the time is up, when only the outcome is left to write. */
const MOST_LATE_CONFLICTS = 10;

/**
 * Makes Coder have what the registry holds under one tag now, as the policy says, and records the outcome. Callers may
 * call this any number of times, at once and in any order: it reads the registry each time, and decides again when the
 * record changed in between.
 *
 * @param signal ends the import; the image is then `pending`, and the sweep tries it again
 * @throws StorageError when the outcome could not be written; nothing is lost if the caller tries again
 */
export async function importImage(
  services: ImportServices,
  request: ImportRequest,
  signal: AbortSignal,
): Promise<ImportResult> {
  const key = `${request.registry} ${request.repository}`;
  const work = () => services.atMost(request.registry, () => importUntilWritten(services, request, signal));
  try {
    return await services.mutex.runExclusive(key, signal, work);
  } catch (error) {
    if (error !== signal.reason) throw error;
    // The wait for a turn used up the time. A due image stays due; for any other call, record that as the outcome.
    return request.onlyIfDue ? { record: undefined, changed: false } : work();
  }
}

async function importUntilWritten(
  services: ImportServices,
  request: ImportRequest,
  signal: AbortSignal,
): Promise<ImportResult> {
  let { onlyIfDue, inDoubt = false } = request;
  for (let lateConflicts = 0; ; ) {
    // Read both again each time: either may have caused the conflict.
    const call = `${formatReference(request)} waits for Table Storage (its record)`;
    const read = () =>
      Promise.all([services.registries.get(request.registry), readPrevious(services, request)]);
    const [registry, found] = await services.underWay.during(
      request.registry,
      { reason: 'coder-busy', call },
      read,
    );
    if (!registry) return { record: undefined, changed: false };
    const isUnreadable = found instanceof UnreadableRowError;
    const previous = isUnreadable ? undefined : found;
    if (onlyIfDue && !isUnreadable && !isDue(previous, services.now()))
      return { record: previous, changed: false, notDue: true };
    try {
      const stored = onlyIfDue && previous ? await takeUp(services, previous) : previous;
      onlyIfDue = false;
      const doubtful = { ...request, inDoubt: inDoubt || isUnreadable };
      const known = { previous, stored, ...(isUnreadable && { unreadable: found }) };
      return await importOnce(services, doubtful, registry, known, signal);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // This call may have changed Coder already, so the record may be outdated.
      inDoubt = true;
      if (signal.aborted && ++lateConflicts > MOST_LATE_CONFLICTS) throw error;
    }
  }
}

/**
 * The record, or why it cannot be read. A damaged one is written anew, since the registry and Coder say all that matters.
 *
 * @throws UnreadableRowError for one that a newer release wrote, unless a person asked for the import
 */
async function readPrevious(
  { images }: ImportServices,
  { registry, heardBy, isRetry, ...image }: ImportRequest,
): Promise<StoredImage | UnreadableRowError | undefined> {
  try {
    return await images.get(registry, image);
  } catch (error) {
    const isAsked = heardBy === 'request' || isRetry;
    if (error instanceof UnreadableRowError && (isAsked || !error.isNewer)) return error;
    throw error;
  }
}

/** What is stored of an image before an import. */
interface Before {
  /** As it was read. */
  previous: StoredImage | undefined;
  /** As this worker has stored it. */
  stored: StoredImage | undefined;
  /** The row to replace when it cannot be read. */
  unreadable?: UnreadableRowError;
}

/**
 * Attempts the import and writes the outcome.
 *
 * @throws ConflictError when another worker changed the record, or the tag moved, in between
 */
export async function importOnce(
  services: Omit<ImportServices, 'registries' | 'mutex' | 'atMost' | 'importBudgetMs'>,
  { inDoubt = false, onlyToImport = false, ...request }: ImportRequest,
  registry: Registry,
  { previous, stored, unreadable }: Before,
  signal: AbortSignal,
): Promise<ImportResult & { facts: ImportFacts }> {
  const image = toImport(request, registry, previous, services.now());
  // An event of an earlier push may have brought the digest before the event of its own push came.
  const isLaterPush = previous?.pushedOn !== undefined && image.pushedOn > previous.pushedOn;
  const isInDoubt = inDoubt || (services.target.choosesByTime === true && isLaterPush);
  const known = { inDoubt: isInDoubt, onlyToImport, runnable: services.runnable, now: services.now() };
  const attempt = beginAttempt(image, stored, known);
  const outcome = await carryOut(services, attempt, signal);
  const { facts } = attempt;
  if (!outcome) return { facts, record: previous, changed: false };
  const record = toRecord(services, image, previous, outcome);
  if (onlyToImport && isLeftOut(record)) {
    // Without a record, the sweep would never try it again.
    const { dueOn: _, ...shown } = record;
    return { facts, record: shown, changed: false };
  }
  await services.images.save(record, attempt.stored ?? unreadable);
  await publish(services.publish, record);
  return { facts, record, changed: true, ...(outcome.stack && { stack: outcome.stack }) };
}

function toImport(
  request: ImportRequest,
  registry: Registry,
  previous: ImageRecord | undefined,
  now: Date,
): ImageToImport {
  const requested = { ...previous?.requested, ...request.requested };
  return {
    ...{ registry, repository: request.repository, tag: request.tag },
    ...pushOf(request, previous, now),
    ...(Object.keys(requested).length > 0 && { requested }),
    isRetry: request.isRetry === true || previous?.reason === 'replayed',
    liftsHold: request.isRetry === true,
  };
}

/** Publishes success and final failure. */
async function publish(send: Publish, record: ImageRecord): Promise<void> {
  const { registry, repository, tag, digest, reason, message } = record;
  const image = { registry, repository, tag };
  const subject = `${registry}/${repository}:${tag}`;
  if (record.state === 'imported') {
    await send('Image.Imported', subject, { ...image, ...(digest && { digest }), reason });
  }
  if (record.state === 'failed') await send('Image.ImportFailed', subject, { ...image, reason, message });
}

/** Postpones the due time of a pending image while this worker has it, so that no other worker takes it. */
async function takeUp({ images, now, leaseMs }: ImportServices, due: StoredImage): Promise<StoredImage> {
  const { etag: _, ...record } = due;
  const taken = { ...record, dueOn: new Date(now().getTime() + leaseMs) };
  return { ...due, ...taken, etag: await images.save(taken, due) };
}

function isDue(record: ImageRecord | undefined, now: Date): boolean {
  return record?.dueOn !== undefined && record.dueOn <= now;
}

function isLeftOut({ state }: ImageRecord): boolean {
  return state === 'skipped' || state === 'removed';
}
