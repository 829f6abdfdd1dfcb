import { describe, UnreadableRowError } from '../errors.ts';
import { forEachAtMost } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import type { Registry } from '../records/registry.ts';
import { type ReconcileServices, reconcile } from './reconcile.ts';
import type { Report } from './report.ts';

export interface ScheduleServices extends ReconcileServices {
  /** How often a registry is reconciled whose declaration does not say. */
  reconcileEveryMinutes: number;
}

/** Number of registries that are reconciled at once. */
const AT_ONCE = 2;

/**
 * Starts the runs that are due, and continues those under way. A run that fails, or is not done when `signal` aborts,
 * waits for the next call, and does not stop the other registries.
 *
 * @throws StorageError when the registries cannot be read
 */
export async function reconcileDue(services: ScheduleServices, signal: AbortSignal, log: Log): Promise<void> {
  await forEachAtMost(AT_ONCE, services.registries.each(), async registry => {
    if (signal.aborted) return;
    const { name } = registry;
    try {
      const report = await readReport(services, name);
      const nextRunOn = nextRun(registry, report, services.reconcileEveryMinutes);
      if (nextRunOn && nextRunOn <= services.now()) await services.reports.start(name, false);
      else if (report?.state !== 'running') return;
      await reconcile(services, name, signal, log);
    } catch (error) {
      log.error('reconciliation incomplete', { registry: name, message: describe(error) });
    }
  });
}

/** A report that cannot be read counts as none, and the next run replaces it. */
async function readReport({ reports }: ScheduleServices, name: string): Promise<Report | undefined> {
  try {
    return await reports.get(name);
  } catch (error) {
    if (error instanceof UnreadableRowError) return undefined;
    throw error;
  }
}

/** When the timer starts the next run; undefined while one is under way. For a new registry, after one interval. */
export function nextRun(
  { createdOn, reconcileEveryMinutes }: Registry,
  report: Pick<Report, 'state' | 'startedOn'> | undefined,
  everyMinutes: number,
): Date | undefined {
  if (report?.state === 'running') return undefined;
  const last = report?.startedOn ?? createdOn;
  return new Date(last.getTime() + (reconcileEveryMinutes ?? everyMinutes) * 60_000);
}
