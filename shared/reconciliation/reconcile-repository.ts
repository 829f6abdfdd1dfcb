import type { TagInRegistry } from '../azure/acr.ts';
import type { Inventory } from '../coder/target.ts';
import { ServiceError } from '../errors.ts';
import { type ImportServices, importImage } from '../images/import.ts';
import type { Log } from '../lib/log.ts';
import type { Pauses } from '../lib/pauses.ts';
import type { ImageReason } from '../reasons.ts';
import type { ImageRecord } from '../records/image.ts';
import type { Registry } from '../records/registry.ts';
import {
  type Difference,
  type DifferenceKind,
  findDifferences,
  type RepositoryFacts,
} from './differences.ts';
import type { Progress } from './progress.ts';

export interface RepositoryServices extends ImportServices {
  pauses: Pauses;
}

/** What one run works with. */
export interface Run {
  services: RepositoryServices;
  registry: Registry;
  inventory: Inventory;
  /** Only reports. */
  dryRun: boolean;
  /** Aborts when the run is to stop. */
  signal: AbortSignal;
  log: Log;
}

/** When one of these is in the way of an image, it is in the way of all, which are better left as they are. */
const COMMON_TROUBLE: ReadonlySet<ImageReason> = new Set<ImageReason>([
  'registry-unavailable',
  'registry-unauthorized',
  'secrets-unavailable',
  'coder-unavailable',
  'coder-unauthorized',
  'credential-refused',
]);

/**
 * Compares one repository, and mends what differs, one image after the other as they were pushed. It holds the names
 * and digests of one repository in memory, and no more.
 *
 * @param save called now and then
 * @throws ServiceError when something is in the way of every image
 */
export async function reconcileRepository(
  run: Run,
  repository: string,
  progress: Progress,
  save: () => Promise<void>,
): Promise<void> {
  const facts = await readFacts(run, repository);
  const differences = findDifferences(facts);
  const alike = facts.tags.size - differences.filter(({ tag }) => facts.tags.has(tag)).length;
  const counted = progress.open(repository, alike + differences.length);
  counted.lookedAt(alike);
  for (const difference of differences) {
    if (run.signal.aborted) return;
    const kind = await tellApart(run, facts, difference);
    const record = run.dryRun ? undefined : await mend(run, facts, difference);
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
  const { hasRegistry: coderHasRegistry } = inventory;
  return { repository, registry, tags, records, image, runnable, coderHasRegistry };
}

async function mend(
  { services, registry }: Run,
  { repository, tags }: RepositoryFacts,
  { tag }: Difference,
): Promise<ImageRecord | undefined> {
  leaveAloneIfAsked(services, registry);
  const pushedOn = tags.get(tag)?.pushedOn;
  const image = { registry: registry.name, repository, tag, ...(pushedOn && { pushedOn }) };
  const request = { ...image, heardBy: 'reconciliation', inDoubt: true } as const;
  return (await importImage(services, request, AbortSignal.timeout(services.importBudgetMs))).record;
}

/** @throws ServiceError when the registry or the target asked everyone for a pause */
function leaveAloneIfAsked({ pauses, target }: RepositoryServices, { loginServer }: Registry): void {
  for (const [host, reason] of [
    [loginServer, 'registry-unavailable'],
    [target.host, 'coder-busy'],
  ] as const) {
    const retryAfterMs = pauses.remaining(host);
    if (retryAfterMs > 0) {
      throw new ServiceError(reason, `${host} asked to be left alone for a while.`, { retryAfterMs });
    }
  }
}

/** A tag that is gone was either taken off its manifest, or deleted together with it. */
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
