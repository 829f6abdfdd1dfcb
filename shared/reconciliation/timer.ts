import { describe } from '../errors.ts';
import { forEachAtMost } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import type { Registry } from '../records/registry.ts';
import { type ReconcileServices, reconcile } from './reconcile.ts';
import type { Report } from './report.ts';

export interface ScheduleServices extends ReconcileServices {
  /** How often a registry is reconciled that does not say so itself. */
  reconcileEveryMinutes: number;
}

/** Registries that are reconciled at once. */
const AT_ONCE = 2;

/**
 * Starts the runs whose time has come, and carries on those that were begun. What fails, or is not done when
 * `signal` aborts, is left to the next call, and keeps no other registry from its turn.
 *
 * @throws StorageError when the registries cannot be read
 */
export async function reconcileDue(services: ScheduleServices, signal: AbortSignal, log: Log): Promise<void> {
  await forEachAtMost(AT_ONCE, services.registries.each(), async registry => {
    if (signal.aborted) return;
    const { name } = registry;
    try {
      const report = await services.reports.get(name);
      const nextRunOn = nextRun(registry, report, services.reconcileEveryMinutes);
      if (nextRunOn && nextRunOn <= services.now()) await services.reports.start(name, false);
      else if (report?.state !== 'running') return;
      await reconcile(services, name, signal, log);
    } catch (error) {
      log.error('reconciliation incomplete', { registry: name, message: describe(error) });
    }
  });
}

/** When the next run begins by itself; undefined while one is under way. A new registry has one interval of peace. */
export function nextRun(
  { createdOn, reconcileEveryMinutes }: Registry,
  report: Report | undefined,
  everyMinutes: number,
): Date | undefined {
  if (report?.state === 'running') return undefined;
  const last = report?.startedOn ?? createdOn;
  return new Date(last.getTime() + (reconcileEveryMinutes ?? everyMinutes) * 60_000);
}
