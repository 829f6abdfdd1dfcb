import type { TagInRegistry } from '../azure/acr/client.ts';
import type { Inventory } from '../coder/target.ts';
import { ServiceError } from '../errors.ts';
import { type ImportServices, importImage } from '../images/import.ts';
import { createBreather } from '../lib/breather.ts';
import type { Log } from '../lib/log.ts';
import type { Pauses } from '../lib/pauses.ts';
import { timeLimit } from '../lib/time-limit.ts';
import type { ImageReason } from '../reasons.ts';
import type { ImageRecord } from '../records/image.ts';
import type { Registry } from '../records/registry.ts';
import {
  compareRepository,
  type Difference,
  type DifferenceKind,
  type RepositoryFacts,
} from './differences.ts';
import type { Progress } from './progress.ts';

export interface RepositoryServices extends ImportServices {
  pauses: Pauses;
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
  log: Log;
}

/** A reason of these for one image applies to all of them, so the run stops and leaves the others as they are. */
const COMMON_TROUBLE: ReadonlySet<ImageReason> = new Set<ImageReason>([
  'registry-unavailable',
  'registry-unauthorized',
  'secrets-unavailable',
  'coder-unavailable',
  'coder-unauthorized',
  'credential-refused',
]);

/**
 * Reconciles one repository, one image after the other in the order of their pushes. It keeps only the names and
 * digests
 * of one repository in memory.
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
  const facts = await readFacts(run, repository);
  const { differences, left } = await compareRepository(facts);
  const alike = facts.tags.size - differences.filter(({ tag }) => facts.tags.has(tag)).length;
  const counted = progress.open(repository, alike + differences.length);
  counted.lookedAt(alike);
  counted.leaves(left);
  const breathe = createBreather();
  for (const difference of differences) {
    await breathe();
    if (run.signal.aborted) return;
    const kind = await tellApart(run, facts, difference);
    const record = run.dryRun ? undefined : await repair(run, facts, difference);
    const outcome = record && { state: record.state, reason: record.reason };
    const finding = { repository, tag: difference.tag, difference: kind, ...outcome };
    counted.found(finding);
    run.log.info('difference', { registry: run.registry.name, dryRun: run.dryRun, ...finding });
    if (record && COMMON_TROUBLE.has(record.reason)) throw new ServiceError(record.reason, record.message);
    await save();
  }
  counted.finish();
  await save();
}

async function readFacts({ services, registry, inventory, signal }: Run, repository: string) {
  const { acr, images } = services;
  const records = new Map<string, ImageRecord>();
  for await (const record of images.ofRepository(registry.name, repository)) records.set(record.tag, record);
  const tags = new Map<string, TagInRegistry>();
  const source = { loginServer: registry.loginServer, repository, signal };
  for await (const found of acr.listTags(source)) tags.set(found.tag, found);
  const image = await inventory.find(repository, signal);
  const { runnable } = services;
  return { repository, registry, tags, records, image, runnable, missing: inventory.missing };
}

async function repair(
  { services, registry }: Run,
  { repository, tags }: RepositoryFacts,
  { tag }: Difference,
): Promise<ImageRecord | undefined> {
  leaveAloneIfAsked(services, registry);
  const pushedOn = tags.get(tag)?.pushedOn;
  const image = { registry: registry.name, repository, tag, ...(pushedOn && { pushedOn }) };
  const request = { ...image, heardBy: 'reconciliation', inDoubt: true } as const;
  return (await importImage(services, request, timeLimit(services.importBudgetMs))).record;
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

/** A tag that is gone was either removed from its manifest, or deleted together with it. */
async function tellApart(
  { services, registry, signal }: Run,
  { repository, records }: RepositoryFacts,
  { tag, kind }: Difference,
): Promise<DifferenceKind> {
  if (kind !== 'gone') return kind;
  const digest = records.get(tag)?.digest;
  const source = { loginServer: registry.loginServer, repository, signal };
  return digest && (await services.acr.getManifest(source, digest)) ? 'untagged' : 'deleted';
}
