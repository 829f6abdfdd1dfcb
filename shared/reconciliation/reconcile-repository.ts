import type { Acr, ImageSource, TagInRegistry } from '../azure/acr/client.ts';
import type { Vault } from '../azure/key-vault/vault.ts';
import type { Inventory } from '../coder/target.ts';
import { ServiceError, UnreadableRowError } from '../errors.ts';
import { type ImportRequest, type ImportServices, importImage } from '../images/import.ts';
import { predictImport } from '../images/predict.ts';
import { createBreather } from '../lib/breather.ts';
import { forEachAtMost } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import type { Pauses } from '../lib/pauses.ts';
import { timeLimit } from '../lib/time-limit.ts';
import type { ImageReason } from '../reasons.ts';
import type { ImageRecord } from '../records/image.ts';
import type { Images } from '../records/image-table.ts';
import type { Registry } from '../records/registry.ts';
import type { CommonTrouble } from './common-trouble.ts';
import {
  compareRepository,
  type Difference,
  type DifferenceKind,
  type RepositoryFacts,
} from './differences.ts';
import type { Progress } from './progress.ts';

export interface RepositoryServices extends ImportServices {
  pauses: Pauses;
  vault: Vault;
}

/** The services and facts of one run. */
export interface Run {
  services: RepositoryServices;
  registry: Registry;
  inventory: Inventory;
  /** Only reports. */
  dryRun: boolean;
  /** Aborts when the run must stop. */
  signal: AbortSignal;
  /** Tells whose trouble a failure is. */
  isCommon: CommonTrouble;
  log: Log;
}

/** Due rows that are looked up at once. */
const LOOKED_UP_AT_ONCE = 8;

/**
 * Reconciles one repository, one image after the other in the order of their pushes. It keeps only the names and
 * digests of one repository in memory.
 *
 * @param save called now and then
 * @throws ServiceError for a reason that applies to every image
 */
export async function reconcileRepository(
  run: Run,
  repository: string,
  progress: Progress,
  save: () => Promise<void>,
): Promise<void> {
  const facts = await factsOrSkip(run, repository);
  if (!facts) return skip(progress, repository, save);
  const compared = await compareRepository(facts);
  const differences = notePurged(compared.differences, await findPurged(run, facts));
  const differing = new Set(differences.map(({ tag }) => tag));
  const left = compared.left.filter(({ tag }) => !differing.has(tag));
  const alike = facts.tags.size - differences.filter(({ tag }) => facts.tags.has(tag)).length;
  const counted = progress.open(repository, alike + differences.length);
  counted.lookedAt(alike);
  counted.leaves(left);
  const breathe = createBreather();
  for (const difference of differences) {
    await breathe();
    if (run.signal.aborted) return;
    const kind = await tellApart(run, facts, difference);
    leaveAloneIfAsked(run.services, run.registry);
    const request = requestOf(run.registry, facts, difference);
    const record = await (run.dryRun ? predict(run, facts, request) : repair(run, request));
    const outcome = record && { state: record.state, reason: record.reason };
    const finding = { repository, tag: difference.tag, difference: kind, ...outcome };
    counted.found(finding);
    run.log.info('difference', { registry: run.registry.name, dryRun: run.dryRun, ...finding });
    if (record && (await run.isCommon(record.reason))) {
      throw new ServiceError(record.reason, record.message, { remedy: record.remedy });
    }
    await save();
  }
  counted.finish();
  await save();
}

/** Why the registry may not list one repository. */
const OF_ITS_LIST: ReadonlySet<ImageReason> = new Set<ImageReason>([
  ...(['image-locked', 'upstream-throttled'] as const),
  ...(['registry-unavailable', 'registry-unauthorized', 'network-denied'] as const),
]);

/** Leaves out a repository that the registry does not list, as when it is locked, while it lists others. */
async function factsOrSkip(run: Run, repository: string) {
  try {
    return await readFacts(run, repository);
  } catch (error) {
    if (run.signal.aborted || !(error instanceof ServiceError) || !OF_ITS_LIST.has(error.reason)) throw error;
    if (await run.isCommon(error.reason)) throw error;
    const { reason, message } = error;
    run.log.error('repository skipped', { registry: run.registry.name, repository, reason, message });
    return undefined;
  }
}

async function skip(progress: Progress, repository: string, save: () => Promise<void>): Promise<void> {
  progress.open(repository, 0).finish();
  await save();
}

async function readFacts({ services, registry, inventory, signal }: Run, repository: string) {
  const { acr, images } = services;
  const breathe = createBreather();
  const records = new Map<string, ImageRecord>();
  const unreadable = new Set<string>();
  const all = images.ofRepository(registry.name, repository, undefined, tag => unreadable.add(tag));
  for await (const record of all) {
    await breathe();
    records.set(record.tag, record);
  }
  const tags = new Map<string, TagInRegistry>();
  const source = { loginServer: registry.loginServer, repository, signal };
  for await (const found of acr.listTags(source)) {
    await breathe();
    tags.set(found.tag, found);
  }
  const image = await inventory.find(repository, signal);
  const { runnable } = services;
  const forgotten = await findForgotten(images, records);
  const { missing, hasPlace } = inventory;
  const places = { image, missing, ...(hasPlace && { hasPlace }) };
  return { repository, registry, tags, records, unreadable, forgotten, runnable, ...places };
}

/** Tags of pending images that no sweep would try again. */
async function findForgotten(
  images: Images,
  records: ReadonlyMap<string, ImageRecord>,
): Promise<ReadonlySet<string>> {
  const forgotten = new Set<string>();
  await forEachAtMost(LOOKED_UP_AT_ONCE, pendingOf(records), async record => {
    if (await images.isForgotten(record)) forgotten.add(record.tag);
  });
  return forgotten;
}

async function* pendingOf(records: ReadonlyMap<string, ImageRecord>): AsyncIterable<ImageRecord> {
  for (const record of records.values()) if (record.state === 'pending') yield record;
}

async function repair({ services, log }: Run, request: ImportRequest): Promise<ImageRecord | undefined> {
  try {
    return (await importImage(services, request, timeLimit(services.importBudgetMs))).record;
  } catch (error) {
    if (!(error instanceof UnreadableRowError)) throw error;
    log.error('row skipped', { row: error.row, message: error.message });
    return undefined;
  }
}

/** The record as the repair would leave it. */
async function predict(
  { services, registry, signal }: Run,
  { unreadable }: RepositoryFacts,
  request: ImportRequest,
): Promise<ImageRecord | undefined> {
  const isUnreadable = unreadable.has(request.tag);
  const previous = isUnreadable ? undefined : await services.images.get(registry.name, request);
  return (await predictImport(services, request, registry, previous, signal)).record;
}

function requestOf(
  registry: Registry,
  { repository, tags }: RepositoryFacts,
  { tag }: Difference,
): ImportRequest {
  const pushedOn = tags.get(tag)?.pushedOn;
  const image = { registry: registry.name, repository, tag, ...(pushedOn && { pushedOn }) };
  return { ...image, heardBy: 'reconciliation', inDoubt: true };
}

/** @throws ServiceError when the registry or the target asked for a pause */
function leaveAloneIfAsked({ pauses, target }: RepositoryServices, { loginServer }: Registry): void {
  for (const [host, reason] of [
    [loginServer, 'registry-unavailable'],
    [target.host, 'coder-busy'],
  ] as const) {
    const retryAfterMs = pauses.remaining(host);
    if (retryAfterMs > 0) {
      throw new ServiceError(reason, `${host} asked for a pause.`, { retryAfterMs });
    }
  }
}

/** Tags by which the target names a digest that the registry has no longer. */
async function findPurged(
  { services, registry, signal, isCommon }: Run,
  { repository, tags, records, image }: RepositoryFacts,
): Promise<string[]> {
  if (!image?.isByDigest) return [];
  const source = { loginServer: registry.loginServer, repository, signal };
  const tagged = new Set([...tags.values()].map(({ digest }) => digest));
  const purged: string[] = [];
  for (const [tag, digest] of image.tags) {
    if (tagged.has(digest) || records.get(tag)?.state === 'pending') continue;
    if (!(await isThere(services.acr, source, digest, isCommon))) purged.push(tag);
  }
  return purged;
}

/** A tag that moved, or for which the policy changed, gets another digest by that. */
function notePurged(differences: readonly Difference[], purged: readonly string[]): Difference[] {
  const isPurged = new Set(purged);
  const others = differences.filter(({ tag, kind }) => kind !== 'gone' || !isPurged.has(tag));
  const known = new Set(others.map(({ tag }) => tag));
  const found = purged.filter(tag => !known.has(tag));
  return [...others, ...found.map(tag => ({ tag, kind: 'digest-purged' as const }))];
}

/** Also what is locked is there. */
async function isThere(
  acr: Acr,
  source: ImageSource,
  digest: string,
  isCommon: CommonTrouble,
): Promise<boolean> {
  try {
    return (await acr.getManifest(source, digest)) !== undefined;
  } catch (error) {
    if (error instanceof ServiceError && !(await isCommon(error.reason))) return true;
    throw error;
  }
}

/** A tag that is gone was either removed from its manifest, or deleted together with it. */
async function tellApart(
  { services, registry, signal, isCommon }: Run,
  { repository, records }: RepositoryFacts,
  { tag, kind }: Difference,
): Promise<DifferenceKind> {
  if (kind !== 'gone') return kind;
  const digest = records.get(tag)?.digest;
  const source = { loginServer: registry.loginServer, repository, signal };
  return digest && (await isThere(services.acr, source, digest, isCommon)) ? 'untagged' : 'deleted';
}
