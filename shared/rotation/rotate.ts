import { isHeld } from '../azure/tables/lease.ts';
import { endsSoon } from '../credentials/renewal.ts';
import { ConflictError, CredentialError, ServiceError } from '../errors.ts';
import type { Log } from '../lib/log.ts';
import { isOver } from './failures.ts';
import { deliverAgain, extendGrace, isVaultOut } from './grace.ts';
import { maintain } from './issuing.ts';
import { nextStep } from './next-step.ts';
import { createRun, type RotationServices, type Run } from './run.ts';
import type { RotationStep } from './step.ts';
import { forgetSuspicion, stop, take } from './take-step.ts';

export const RUN_BUDGET_MS = 240_000;

/**
 * Takes the steps of a registry's rotation that are due now, until `signal` aborts. After a crash the next call goes
 * on from there, in this instance or another.
 *
 * @throws StorageError when the record cannot be read or written
 */
export async function rotate(
  services: RotationServices,
  name: string,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const registry = await services.registries.get(name);
  if (!registry) return;
  if (isHeld(registry.rotation, services.now())) return;
  const run = createRun(services, registry, signal, log);
  try {
    await carryOn(run);
  } catch (error) {
    await report(run, error);
  } finally {
    await run.lease.release().catch(ignoreConflict);
  }
}

/** Steps that change nothing outside the record, and write there only what is new. */
const PASSIVE: readonly RotationStep['do'][] = ['nothing', 'wait', 'report', 'report-no-slot'];

async function carryOn(run: Run): Promise<void> {
  const { lease, signal } = run;
  while (!signal.aborted) {
    const step = await nextStep(run);
    if (!PASSIVE.includes(step.do)) await lease.take();
    if (!(await take(run, step))) break;
  }
  await warnOfExpiry(run);
  await tendHealthy(run);
}

/** Warns once for each credential that ends soon, while there is still time. */
async function warnOfExpiry({ services, lease, notices }: Run): Promise<void> {
  const { current, warnedOf } = lease.registry().rotation;
  if (!current?.expiresOn || warnedOf === current.secretVersion) return;
  if (!endsSoon(current, services.now())) return;
  await lease.save({ warnedOf: current.secretVersion });
  await notices.expiring(current, current.expiresOn);
}

/** Runs when the credential works: repairs what was changed around it, and clears an old failure. */
async function tendHealthy(run: Run): Promise<void> {
  const { services, lease, tests, signal } = run;
  const { current, candidate, lastResult } = lease.registry().rotation;
  if (!current || candidate || signal.aborted || (await tests.verdictOf(current)) !== 'accepted') return;
  await forgetSuspicion(run);
  await maintain(run);
  if (await services.holder.hasDrifted(lease.registry(), signal)) await deliverAgain(run);
  if (lastResult?.outcome !== 'failed' || lease.registry().rotation.givenUp || !isOver(lastResult)) return;
  await lease.save({ lastResult: undefined });
}

/** Records why a run ended early, unless another run or a change of the declaration has overtaken it. */
async function report(run: Run, error: unknown): Promise<void> {
  if (error instanceof ConflictError) return;
  if (!(error instanceof ServiceError || error instanceof CredentialError)) throw error;
  await stop(run, error).catch(ignoreConflict);
  if (isVaultOut(error)) await extendGrace(run).catch(ignoreConflict);
}

function ignoreConflict(error: unknown): void {
  if (!(error instanceof ConflictError)) throw error;
}
