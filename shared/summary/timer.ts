import { describe, UnreadableRowError } from '../errors.ts';
import { forEachAtMost } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import type { Report } from '../reconciliation/report.ts';
import type { Reports } from '../reconciliation/report-table.ts';
import type { Images } from '../records/image-table.ts';
import type { Registries } from '../records/registry-table.ts';
import type { LastReconciliation, Summary } from '../records/summary.ts';
import type { Summaries } from '../records/summary-table.ts';
import { countImages, nextCountOn } from './count.ts';

export interface SummaryServices {
  registries: Registries;
  images: Images;
  reports: Pick<Reports, 'get'>;
  summaries: Summaries;
  now: () => Date;
}

/** Number of registries that are counted at once. */
const AT_ONCE = 4;

/**
 * Counts the image records of every registry anew, and keeps the result: no write of a record has to keep a count right.
 * A large registry, whose count takes long, is counted less often.
 *
 * @throws StorageError when the registries cannot be read
 */
export async function summarizeDue(services: SummaryServices, signal: AbortSignal, log: Log): Promise<void> {
  const known = new Map<string, Summary>();
  for await (const summary of services.summaries.each()) known.set(summary.registry, summary);
  await forEachAtMost(AT_ONCE, services.registries.each(), async ({ name }) => {
    if (signal.aborted || !isDue(known.get(name), services.now())) return;
    try {
      const summary = await summarizeRegistry(services, name, signal);
      // One that was deleted meanwhile must leave nothing behind.
      if (summary && (await services.registries.exists(name))) await services.summaries.save(summary);
    } catch (error) {
      log.error('summary incomplete', { registry: name, message: describe(error) });
    }
  });
}

function isDue(summary: Summary | undefined, now: Date): boolean {
  return !summary || nextCountOn(summary) <= now;
}

/** undefined when `signal` aborts first. @throws StorageError */
export async function summarizeRegistry(
  { images, reports, now }: Omit<SummaryServices, 'summaries' | 'registries'>,
  registry: string,
  signal: AbortSignal,
): Promise<Summary | undefined> {
  const countedOn = now();
  const [counts, report] = await Promise.all([
    countImages(untilAborted(images.counted(registry), signal), countedOn),
    readReport(reports, registry),
  ]);
  if (signal.aborted) return undefined;
  const tookMs = now().getTime() - countedOn.getTime();
  return { registry, countedOn, tookMs, ...counts, ...(report && { reconciliation: lastRun(report) }) };
}

async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  for await (const item of items) {
    if (signal.aborted) return;
    yield item;
  }
}

async function readReport(
  reports: SummaryServices['reports'],
  registry: string,
): Promise<Report | undefined> {
  try {
    return await reports.get(registry);
  } catch (error) {
    if (error instanceof UnreadableRowError) return undefined;
    throw error;
  }
}

function lastRun({ state, startedOn, endedOn, message }: Report): LastReconciliation {
  return { state, startedOn, ...(endedOn && { endedOn }), ...(message && { message }) };
}
