import type { LimitFunction } from 'p-limit';
import type { Acr, ImageSource } from './azure/acr.ts';
import { LONGEST_RETRY_AFTER_MS, nextAttempt } from './backoff.ts';
import type { Target } from './coder/target.ts';
import { ConflictError, describe, ServiceError, StorageError } from './errors.ts';
import { defaultsFromLabels, mergeDefaults } from './image-defaults.ts';
import { imageKey } from './image-keys.ts';
import type { ImageRecord, Images, StoredImage } from './images.ts';
import { decideImport, type ImportFacts } from './import-decision.ts';
import { classifyManifest, ImageConfig } from './manifest.ts';
import { applyPolicy } from './policy.ts';
import { type ImageReason, REASONS } from './reasons.ts';
import type { Reference } from './reference.ts';
import type { Registries } from './registries.ts';
import type { Registry } from './registry.ts';
import type { InTurn } from './turns.ts';

/** What an import needs. */
export interface ImportServices {
  registries: Registries;
  images: Images;
  acr: Acr;
  target: Target;
  now: () => Date;
  random: () => number;
  maxAttempts: number;
  /** Imports of one tag run one after the other in this instance. */
  inTurn: InTurn;
  /** Lets only so many imports of this instance run at once; a burst waits here, and not on its services. */
  atMost: LimitFunction;
}

export interface ImportRequest extends Reference {
  registry: Registry;
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
/** How long replicas of a registry may differ, as far as we wait for them. */
const LOOK_AGAIN_MS = 60_000;
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
    return await services.inTurn(`${request.registry.name} ${imageKey(request)}`, signal, work);
  } catch (error) {
    // The wait for our turn took all the time, which is an outcome to record as well.
    if (error === signal.reason) return work();
    throw error;
  }
}

async function importUntilWritten(
  services: ImportServices,
  request: ImportRequest,
  signal: AbortSignal,
): Promise<ImportResult> {
  for (let lateConflicts = 0; ; ) {
    // The caller's may come from a cache, or from before a conflict.
    const registry = await services.registries.get(request.registry.name);
    if (!registry) return { record: undefined, changed: false };
    const current = { ...request, registry };
    const previous = await services.images.get(registry.name, request);
    if (request.onlyIfDue && !isDue(previous, services.now())) return { record: previous, changed: false };
    try {
      const outcome = await attempt(services, current, previous, signal);
      if (!outcome) return { record: previous, changed: false };
      const record = toRecord(services, current, previous, outcome);
      await services.images.save(record, previous);
      return { record, changed: true };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      if (signal.aborted && ++lateConflicts > MOST_LATE_CONFLICTS) throw error;
    }
  }
}

function isDue(record: ImageRecord | undefined, now: Date): boolean {
  return record?.dueOn !== undefined && record.dueOn <= now;
}

interface Outcome {
  reason: ImageReason;
  message: string;
  digest?: string | undefined;
  retryAfterMs?: number | undefined;
  coderImageId?: string;
}

/** Looks, decides and acts once. What a service refuses is an outcome too; undefined: nothing is to be done. */
async function attempt(
  services: ImportServices,
  request: ImportRequest,
  record: StoredImage | undefined,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  if (signal.aborted)
    return { reason: 'coder-busy', message: 'Other imports of this tag took all the time there was.' };
  const { registry, repository, tag } = request;
  const source = { loginServer: registry.loginServer, repository, signal };
  const facts: ImportFacts = { verdict: applyPolicy(registry.policy, request), record };
  try {
    if (facts.verdict.action === 'import') facts.found = await services.acr.getManifest(source, tag);
    let action = decideImport(facts);
    if (action.do === 'read-config') {
      facts.config = await readConfig(services.acr, source, action.digest);
      action = decideImport(facts);
    }
    if (action.do === 'record') return { ...action, digest: facts.found?.digest };
    if (action.do === 'forward') return await forward(services, request, facts, action.digests, signal);
    if (action.do === 'remove') return await remove(services, request, facts, signal);
    return undefined;
  } catch (error) {
    return { ...toOutcome(error), digest: facts.found?.digest };
  }
}

async function forward(
  services: ImportServices,
  request: ImportRequest,
  facts: ImportFacts,
  digests: [string, ...string[]],
  signal: AbortSignal,
): Promise<Outcome> {
  const rule = facts.verdict.action === 'import' ? facts.verdict.rule : undefined;
  const labels = (facts.config ?? (await configOfIndex(services.acr, request, facts.found?.manifest, signal)))
    ?.config?.Labels;
  const { registry, repository, tag } = request;
  const source = { loginServer: registry.loginServer, repository, signal };
  const image = {
    ...{ registry, repository, tag, digests },
    defaults: mergeDefaults(rule?.defaults, defaultsFromLabels(labels ?? {})),
    defaultTag: rule?.defaultTag ?? 'first',
    isCurrent: async () => (await services.acr.getManifest(source, tag))?.digest === digests[0],
    isNewerThan: (other: string) => isNewerThan(services, request, facts.record?.pushedOn, other),
  };
  const { reason, coderImageId } = await services.target.forward(image, signal);
  // A push that came meanwhile may have found the old record still true, and have done nothing.
  if (!(await image.isCurrent())) throw new ConflictError('The tag has moved on.');
  return { reason, message: REASONS[reason].meaning, digest: digests[0], coderImageId };
}

async function remove(
  { acr, target }: ImportServices,
  { registry, repository, tag }: ImportRequest,
  { verdict }: ImportFacts,
  signal: AbortSignal,
): Promise<Outcome> {
  const source = { loginServer: registry.loginServer, repository, signal };
  const rule = verdict.action === 'import' ? verdict.rule : undefined;
  const isGone = async () => (await acr.getManifest(source, tag)) === undefined;
  await target.remove({ registry, repository, tag, defaultTag: rule?.defaultTag ?? 'first', isGone }, signal);
  return { reason: 'removed-from-coder', message: REASONS['removed-from-coder'].meaning };
}

/** Pushes that we never heard of, such as those before the bridge, are older than any that we did. */
async function isNewerThan(
  { images, now }: ImportServices,
  { registry, repository, pushedOn }: ImportRequest,
  heardOf: Date | undefined,
  tag: string,
): Promise<boolean> {
  const other = await images.get(registry.name, { repository, tag });
  return !other || (latest(pushedOn, heardOf) ?? now()) >= other.pushedOn;
}

async function readConfig(acr: Acr, source: ImageSource, digest: string): Promise<ImageConfig> {
  return ImageConfig.safeParse(await acr.getConfig(source, digest)).data ?? {};
}

/** The labels of an index are those of one of its images; linux/amd64 is what workspaces mostly run on. */
async function configOfIndex(
  acr: Acr,
  { registry, repository }: ImportRequest,
  index: unknown,
  signal: AbortSignal,
): Promise<ImageConfig | undefined> {
  const manifest = classifyManifest(index);
  if (manifest.kind !== 'index') return undefined;
  const chosen = manifest.images.find(({ platform }) => platform === 'linux/amd64') ?? manifest.images[0];
  const source = { loginServer: registry.loginServer, repository, signal };
  const child = chosen && (await acr.getManifest(source, chosen.digest));
  const image = child && classifyManifest(child.manifest);
  return image?.kind === 'image' ? readConfig(acr, source, image.configDigest) : undefined;
}

/** @throws what no record can tell, since it is about the record itself */
function toOutcome(error: unknown): Outcome {
  if (error instanceof StorageError || error instanceof ConflictError) throw error;
  if (!(error instanceof ServiceError)) return { reason: 'internal-error', message: describe(error) };
  return { reason: error.reason, message: error.message, retryAfterMs: error.retryAfterMs };
}

function toRecord(
  services: ImportServices,
  request: ImportRequest,
  previous: StoredImage | undefined,
  { reason, message, digest, retryAfterMs, coderImageId }: Outcome,
): ImageRecord {
  const at = services.now();
  const { registry, repository, tag } = request;
  const imageId = coderImageId ?? previous?.coderImageId;
  const record = {
    ...{ registry: registry.name, repository, tag, reason, message, updatedOn: at },
    pushedOn: latest(request.pushedOn, previous?.pushedOn) ?? at,
    ...(digest && { digest }),
    ...(previous?.importedOn && { importedOn: previous.importedOn }),
    ...(imageId && { coderImageId: imageId }),
  };
  const { state } = REASONS[reason];
  if (state === 'imported') return { ...record, state, attempts: 0, importedOn: at };
  if (reason === 'gone' && mayStillShow(record.pushedOn, previous, at)) {
    return { ...record, state, attempts: 0, dueOn: new Date(at.getTime() + LOOK_AGAIN_MS) };
  }
  if (state !== 'pending') return { ...record, state, attempts: 0 };
  return { ...record, ...schedule(services, previous, digest, retryAfterMs, message) };
}

/**
 * A replica of the registry may not have a tag yet that was pushed to another one, so a tag that is missing right
 * after its push is looked for once more.
 */
function mayStillShow(pushedOn: Date, previous: StoredImage | undefined, now: Date): boolean {
  const isFresh = now.getTime() - pushedOn.getTime() < LOOK_AGAIN_MS;
  return isFresh && !(previous?.reason === 'gone' && previous.dueOn);
}

/** When a pending import is tried again, or that it is given up. */
function schedule(
  { now, random, maxAttempts }: ImportServices,
  previous: StoredImage | undefined,
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

function latest(...times: (Date | undefined)[]): Date | undefined {
  return times.filter(time => time !== undefined).sort((a, b) => b.getTime() - a.getTime())[0];
}
