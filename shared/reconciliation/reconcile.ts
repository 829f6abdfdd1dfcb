import { setMaxListeners } from 'node:events';
import type { Inventory } from '../coder/target.ts';
import { ConflictError, ServiceError } from '../errors.ts';
import { nextAttempt } from '../lib/backoff.ts';
import { forEachAtMost } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import type { Pauses } from '../lib/pauses.ts';
import { REASONS } from '../reasons.ts';
import type { StoredRegistry } from '../records/registry.ts';
import { createCommonTrouble } from './common-trouble.ts';
import { createProgress, type Progress } from './progress.ts';
import { type RepositoryServices, reconcileRepository } from './reconcile-repository.ts';
import type { Report } from './report.ts';
import type { LeasedReport, Reports } from './report-table.ts';

export interface ReconcileServices extends RepositoryServices {
  reports: Reports;
  pauses: Pauses;
  random: () => number;
  maxAttempts: number;
}

/** Number of repositories that are compared at once. */
const AT_ONCE = 4;
/** How long the run may go on before it saves its report again. */
const SAVE_EVERY_MS = 2_000;

/**
 * Continues the registry's run, if one was started and no other worker has it: compares the registry, the records and
 * Coder, repository by repository, and imports again where they differ. After `signal` ends it, the next call
 * continues the run.
 *
 * @throws StorageError when the report cannot be stored
 */
export async function reconcile(
  services: ReconcileServices,
  registryName: string,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const leased = await services.reports.take(registryName);
  const registry = leased && (await services.registries.get(registryName));
  if (!registry) return;
  try {
    const report = await carryOn(services, registry, leased, signal, log);
    await leased.release(report);
    const { state, dryRun, settled, reason, message } = report;
    log.info('reconciliation', { registry: registryName, state, dryRun, ...settled, reason, message });
  } catch (error) {
    // Another worker took over the run, or the registry was deleted.
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** Works until the end or an obstacle, and returns the report. */
async function carryOn(
  services: ReconcileServices,
  registry: StoredRegistry,
  leased: LeasedReport,
  signal: AbortSignal,
  log: Log,
): Promise<Report> {
  let progress: Progress | undefined;
  try {
    const inventory = await services.target.observe(registry, signal);
    const { cursor } = leased.report;
    const repositories = (await listRepositories(services, registry, inventory, signal)).filter(
      name => cursor === undefined || name > cursor,
    );
    const current = createProgress(leased.report, repositories);
    progress = current;
    const save = createSaver(leased, current, services.now);
    const isCommon = createCommonTrouble(services.acr, registry.loginServer, signal);
    await untilOneFails(repositories, signal, async (repository, stop) => {
      const { dryRun } = leased.report;
      const run = { services, registry, inventory, dryRun, signal: stop, isCommon, log };
      await reconcileRepository(run, repository, current, save);
    });
    return signal.aborted ? current.report() : completed(current.report(), services.now());
  } catch (error) {
    const report = progress?.report() ?? leased.report;
    if (signal.aborted) return report;
    if (!(error instanceof ServiceError)) throw error;
    return interrupted(services, leased.report, report, error);
  }
}

/** Every repository in the registry, the records or Coder, always in the same order. */
async function listRepositories(
  { acr, images }: ReconcileServices,
  registry: StoredRegistry,
  inventory: Inventory,
  signal: AbortSignal,
): Promise<string[]> {
  const names = new Set(inventory.repositories);
  for await (const name of acr.listRepositories(registry.loginServer, signal)) names.add(name);
  for await (const name of images.repositories(registry.name)) names.add(name);
  return [...names].sort();
}

/** Reconciles the repositories, a few at a time, until `signal` aborts or one of them fails. */
async function untilOneFails(
  repositories: readonly string[],
  signal: AbortSignal,
  work: (repository: string, stop: AbortSignal) => Promise<void>,
): Promise<void> {
  const stopped = new AbortController();
  const stop = stopped.signal;
  // Each call of the run listens; Node warns of more than ten.
  setMaxListeners(0, stop);
  signal.addEventListener('abort', () => stopped.abort(signal.reason), { signal: stop });
  if (signal.aborted) return;
  async function* untilStopped() {
    for (const repository of repositories) {
      if (stop.aborted) return;
      yield repository;
    }
  }
  await forEachAtMost(AT_ONCE, untilStopped(), async repository => {
    try {
      await work(repository, stop);
    } catch (error) {
      stopped.abort();
      throw error;
    }
  });
}

/** Saves the report now and then, which renews the lease of the run. */
function createSaver(leased: LeasedReport, progress: Progress, now: () => Date): () => Promise<void> {
  let savedMs = 0;
  let saving = false;
  return async () => {
    if (saving || now().getTime() - savedMs < SAVE_EVERY_MS) return;
    saving = true;
    try {
      await leased.save(progress.report());
      savedMs = now().getTime();
    } finally {
      saving = false;
    }
  };
}

function completed(report: Report, endedOn: Date): Report {
  const { reason: _r, message: _m, remedy: _y, dueOn: _d, ...rest } = report;
  return { ...rest, state: 'completed', endedOn, attempts: 0 };
}

/** A reason that applies to everything ends the run: for good, or until a later attempt. */
function interrupted(
  { now, random, maxAttempts }: ReconcileServices,
  before: Report,
  report: Report,
  { reason, message, remedy, retryAfterMs }: ServiceError,
): Report {
  const attempts = report.cursor === before.cursor ? report.attempts + 1 : 1;
  const { remedy: _, ...rest } = report;
  const stopped = { ...rest, attempts, reason, message, ...(remedy && { remedy }) };
  return REASONS[reason].state === 'pending' && attempts < maxAttempts
    ? { ...stopped, dueOn: nextAttempt(attempts, now(), retryAfterMs, random) }
    : { ...stopped, state: 'failed', endedOn: now() };
}
