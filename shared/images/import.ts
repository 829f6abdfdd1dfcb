import type { LimitFunction } from 'p-limit';
import type { Publish } from '../azure/publish.ts';
import type { RequestWords } from '../coder/words.ts';
import { ConflictError } from '../errors.ts';
import type { KeyedMutex } from '../lib/keyed-mutex.ts';
import type { Reference } from '../policy/reference.ts';
import type { ImageRecord, StoredImage } from '../records/image.ts';
import type { Registries } from '../records/registries.ts';
import type { Registry } from '../records/registry.ts';
import { type AttemptServices, beginAttempt, carryOut } from './attempt.ts';
import { type ImageToImport, type RecordServices, toRecord } from './outcome.ts';
import { pushOf, type ToldPush } from './push.ts';
import type { ImportFacts } from './step.ts';

/** What an import needs. */
export interface ImportServices extends AttemptServices, RecordServices {
  registries: Registries;
  /**
   * Imports of one repository run one after the other in this instance, as Coder is changed for one at a time anyway:
   * those that wait for another instance must not take up the places of all other repositories.
   */
  mutex: KeyedMutex;
  /** Lets only so many imports of this instance run at once; a burst waits here, and not on its services. */
  atMost: LimitFunction;
  publish: Publish;
  /** Longest time for one import. */
  importBudgetMs: number;
}

export interface ImportRequest extends Reference, ToldPush {
  /** Name of the registry, ours. */
  registry: string;
  /** Leaves the image alone unless its record says that its time has come, and no other worker is at it. */
  onlyIfDue?: boolean;
  /** Looks at Coder even if the record says that it has the image. */
  inDoubt?: boolean;
  /** Does and writes nothing when the image is not to be imported. */
  onlyToImport?: boolean;
  /** What the caller asks for in place of what rule and labels say; kept for later pushes of the tag. */
  requested?: RequestWords;
}

/** What happened: the record, and whether this call wrote it. */
export interface ImportResult {
  /** Absent only when there was nothing to do and nothing known. */
  record: ImageRecord | undefined;
  changed: boolean;
  /** Where the bridge itself failed, for the log. */
  stack?: string;
}

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
  const key = `${request.registry} ${request.repository}`;
  const work = () => services.atMost(() => importUntilWritten(services, request, signal));
  try {
    return await services.mutex.runExclusive(key, signal, work);
  } catch (error) {
    if (error !== signal.reason) throw error;
    // The wait for our turn took all the time. What is due stays so; of all else that is an outcome to record.
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
    // Read each time: the conflict may be about either.
    const [registry, previous] = await Promise.all([
      services.registries.get(request.registry),
      services.images.get(request.registry, request),
    ]);
    if (!registry) return { record: undefined, changed: false };
    if (onlyIfDue && !isDue(previous, services.now())) return { record: previous, changed: false };
    try {
      const stored = onlyIfDue ? await takeUp(services, previous as StoredImage) : previous;
      onlyIfDue = false;
      return await importOnce(services, { ...request, inDoubt }, registry, { previous, stored }, signal);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // We may have changed Coder by now, so that what the record says of it need not be true any more.
      inDoubt = true;
      if (signal.aborted && ++lateConflicts > MOST_LATE_CONFLICTS) throw error;
    }
  }
}

/**
 * Attempts the import and writes what it came to.
 *
 * @param record as it was read, and as it is stored since this worker took it up
 * @throws ConflictError when another worker changed the record, or the tag moved, meanwhile
 */
export async function importOnce(
  services: Omit<ImportServices, 'registries' | 'mutex' | 'atMost' | 'importBudgetMs'>,
  { inDoubt = false, onlyToImport = false, ...request }: ImportRequest,
  registry: Registry,
  { previous, stored }: { previous: StoredImage | undefined; stored: StoredImage | undefined },
  signal: AbortSignal,
): Promise<ImportResult & { facts: ImportFacts }> {
  const image = toImport(request, registry, previous, services.now());
  const known = { inDoubt, onlyToImport, runnable: services.runnable, now: services.now() };
  const attempt = beginAttempt(image, stored, known);
  const outcome = await carryOut(services, attempt, signal);
  const { facts } = attempt;
  if (!outcome) return { facts, record: previous, changed: false };
  const record = toRecord(services, image, previous, outcome);
  if (onlyToImport && isLeftOut(record)) {
    // Nothing is kept, so nothing will be tried again either.
    const { dueOn: _, ...shown } = record;
    return { facts, record: shown, changed: false };
  }
  await services.images.save(record, attempt.stored);
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
  };
}

/** Publishes what arrived in Coder, and what will never arrive by itself. */
async function publish(send: Publish, record: ImageRecord): Promise<void> {
  const { registry, repository, tag, digest, reason, message } = record;
  const image = { registry, repository, tag };
  const subject = `${registry}/${repository}:${tag}`;
  if (record.state === 'imported') {
    await send('Image.Imported', subject, { ...image, ...(digest && { digest }), reason });
  }
  if (record.state === 'failed') await send('Image.ImportFailed', subject, { ...image, reason, message });
}

/** Puts off the time of a pending image while this worker is at it, so that no other takes it up too. */
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
