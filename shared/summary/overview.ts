import type { Rollout } from '../coder/v2/rollout.ts';
import type { Templates } from '../coder/v2/templates.ts';
import type { StoredRegistry } from '../records/registry.ts';
import type { Summary } from '../records/summary.ts';
import { type SummaryServices, summarizeRegistry } from './timer.ts';

/** What an overview shows. */
export interface Overview {
  registries: { registry: StoredRegistry; summary: Summary | undefined }[];
  /** Empty with Coder Classic. */
  rollouts: Rollout[];
}

/**
 * Reads what was counted, with three queries however many image records there are. A registry that was never counted is
 * counted now, and nothing is stored.
 *
 * @throws StorageError
 */
export async function readOverview(
  services: SummaryServices & { templates: Pick<Templates, 'remembered'> | undefined },
  signal: AbortSignal,
): Promise<Overview> {
  const [found, summaries, rollouts] = await Promise.all([
    toArray(services.registries.each()),
    toArray(services.summaries.each()),
    toArray(services.templates?.remembered() ?? none()),
  ]);
  const known = new Map(summaries.map(summary => [summary.registry, summary]));
  const registries = [];
  for (const registry of found) {
    const { name, createdOn } = registry;
    const counted = known.get(name);
    // A count that is older than the registry is of another one that had its name.
    const summary =
      counted && counted.countedOn >= createdOn ? counted : await summarizeRegistry(services, name, signal);
    registries.push({ registry, summary });
  }
  return { registries, rollouts };
}

async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* none(): AsyncIterable<never> {}
