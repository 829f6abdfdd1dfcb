import type { LimitFunction } from 'p-limit';
import { repositoryKey } from '../azure/keys.ts';
import type { Publish } from '../azure/publish.ts';
import { mergeDefaults } from '../coder/classic/defaults.ts';
import { ConflictError } from '../errors.ts';
import type { InTurn } from '../lib/keyed-mutex.ts';
import type { ImageDefaults } from '../policy/policy.ts';
import type { Reference } from '../policy/reference.ts';
import { REASONS } from '../reasons.ts';
import type { HeardBy, ImageRecord, StoredImage } from '../records/image.ts';
import type { Registries } from '../records/registries.ts';
import type { Registry } from '../records/registry.ts';
import { type AttemptServices, attempt, type ImageToImport } from './attempt.ts';
import { type RecordServices, toRecord } from './outcome.ts';

/** What an import needs. */
export interface ImportServices extends AttemptServices, RecordServices {
  registries: Registries;
  /**
   * Imports of one repository run one after the other in this instance, as Coder is changed for one at a time anyway:
   * those that wait for another instance must not take up the places of all other repositories.
   */
  inTurn: InTurn;
  /** Lets only so many imports of this instance run at once; a burst waits here, and not on its services. */
  atMost: LimitFunction;
  publish: Publish;
  /** Longest time for one import. */
  importBudgetMs: number;
  /** After so long whatever an import had begun is taken to be cut off. */
  leaseMs: number;
}

export interface ImportRequest extends Reference {
  /** Name of the registry, ours. */
  registry: string;
  /** When the image was pushed, as far as the caller knows. */
  pushedOn?: Date;
  /** How the caller knows. */
  heardBy?: HeardBy;
  /** Leaves the image alone unless its record says that its time has come, and nobody else is at it. */
  onlyIfDue?: boolean;
  /** Looks at Coder even if the record says that it has the image. */
  inDoubt?: boolean;
  /** Does and writes nothing when the image is not to be imported. */
  onlyToImport?: boolean;
  /** What the caller asks for in place of what rule and labels say; kept for later pushes of the tag. */
  requested?: ImageDefaults;
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
  const work = () => services.atMost(() => importUntilWritten(services, request, signal));
  try {
    return await services.inTurn(`${request.registry} ${repositoryKey(request.repository)}`, signal, work);
  } catch (error) {
    if (error !== signal.reason) throw error;
    // The wait for our turn took all the time. What is due stays so; of all else that is an outcome to record.
    return request.onlyIfDue ? { record: undefined, changed: false } : work();
  }
}

async function importUntilWritten(
  services: ImportServices,
  { onlyIfDue, inDoubt = false, ...request }: ImportRequest,
  signal: AbortSignal,
): Promise<ImportResult> {
  const { registries, images, now } = services;
  for (let lateConflicts = 0; ; ) {
    // Read each time: a conflict may have come from somebody who changed the registry.
    const registry = await registries.get(request.registry);
    if (!registry) return { record: undefined, changed: false };
    const previous = await images.get(registry.name, request);
    if (onlyIfDue && !isDue(previous, now())) return { record: previous, changed: false };
    try {
      const stored = onlyIfDue ? await claim(services, previous as StoredImage) : previous;
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
 * @param record as it was read, and as it is stored since we took it up
 * @throws ConflictError when somebody else changed the record meanwhile
 */
async function importOnce(
  services: ImportServices,
  { inDoubt = false, onlyToImport = false, ...request }: ImportRequest,
  registry: Registry,
  { previous, stored }: { previous: StoredImage | undefined; stored: StoredImage | undefined },
  signal: AbortSignal,
): Promise<ImportResult> {
  const { images, now } = services;
  const requested = mergeDefaults(request.requested, previous?.requested);
  const image: ImageToImport = {
    ...{ registry, repository: request.repository, tag: request.tag },
    ...latestPush(request, previous, now()),
    ...(Object.keys(requested).length > 0 && { requested }),
  };
  // A final record must not go on telling what Coder has while that changes: we may never come back.
  let current = stored;
  const beforeActing = async () => {
    if (current && isFinal(current)) current = await claim(services, current);
  };
  const known = { record: previous, inDoubt, onlyToImport, beforeActing };
  const { outcome } = await attempt(services, image, known, signal);
  if (!outcome) return { record: previous, changed: false };
  const record = toRecord(services, image, previous, outcome);
  if (onlyToImport && isLeftOut(record)) {
    // Nothing is kept, so nothing will be tried again either.
    const { dueOn: _, ...told } = record;
    return { record: told, changed: false };
  }
  await images.save(record, current);
  await tell(services.publish, record);
  return { record, changed: true, ...(outcome.stack && { stack: outcome.stack }) };
}

/** Whoever listens is told of what arrived in Coder, and of what never will by itself. */
async function tell(publish: Publish, record: ImageRecord): Promise<void> {
  const { registry, repository, tag, digest, reason, message } = record;
  const image = { registry, repository, tag };
  const subject = `${registry}/${repository}:${tag}`;
  if (record.state === 'imported') {
    await publish('Image.Imported', subject, { ...image, ...(digest && { digest }), reason });
  }
  if (record.state === 'failed') await publish('Image.ImportFailed', subject, { ...image, reason, message });
}

/** Notes that the import is under way, so that it is taken up again if it never ends. */
async function claim({ images, now, leaseMs }: ImportServices, record: StoredImage): Promise<StoredImage> {
  const { etag: _, ...known } = record;
  const dueOn = new Date(now().getTime() + leaseMs);
  const reason = 'importing';
  const claimed: ImageRecord = isFinal(record)
    ? { ...known, state: 'pending', reason, message: REASONS[reason].meaning, attempts: 0, dueOn }
    : { ...known, dueOn };
  return { ...claimed, etag: await images.save(claimed, record) };
}

function isDue(record: ImageRecord | undefined, now: Date): boolean {
  return record?.dueOn !== undefined && record.dueOn <= now;
}

function isLeftOut({ state }: ImageRecord): boolean {
  return state === 'skipped' || state === 'removed';
}

function isFinal({ state }: ImageRecord): boolean {
  return state !== 'pending';
}

function latestPush(
  { pushedOn, heardBy = 'event' }: Pick<ImportRequest, 'pushedOn' | 'heardBy'>,
  known: ImageRecord | undefined,
  now: Date,
): Pick<ImageRecord, 'pushedOn' | 'heardBy'> {
  if (known && !(pushedOn && pushedOn > known.pushedOn)) {
    return { pushedOn: known.pushedOn, heardBy: known.heardBy };
  }
  return { pushedOn: pushedOn ?? now, heardBy };
}
