import { credentialKind } from '../credentials/kinds/all.ts';
import { endsSoon, renewOn } from '../credentials/renewal.ts';
import { describe } from '../errors.ts';
import { forEachAtMost } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import type { Registry } from '../records/registry.ts';
import { LEASE_MS } from './lease.ts';
import { rotate } from './rotate.ts';
import type { RotationServices } from './run.ts';

/** Number of registries that are checked at once. */
const AT_ONCE = 4;

/**
 * Checks the credential of every registry, logs its state, and takes the steps that are due. A failure of one registry
 * does not stop the others.
 *
 * @throws StorageError when the registries cannot be read
 */
export async function rotateDue(services: RotationServices, signal: AbortSignal, log: Log): Promise<void> {
  await forEachAtMost(AT_ONCE, services.registries.each(), async registry => {
    if (signal.aborted) return;
    const { name } = registry;
    try {
      await awaitAbandoned(services, registry, signal);
      // Logged on each run, so that an alert stays on until the problem is gone.
      log.info('credential', { registry: name, ...credentialNow(registry, services.now()) });
      await rotate(services, name, signal, log);
    } catch (error) {
      log.error('rotation incomplete', { registry: name, message: describe(error) });
    }
  });
}

/** Waits for a lease to end: a run that lives renews it, and one that died is taken over without waiting for the next timer. */
async function awaitAbandoned(
  { now, wait }: RotationServices,
  { rotation: { leaseUntil } }: Registry,
  signal: AbortSignal,
): Promise<void> {
  const leftMs = (leaseUntil?.getTime() ?? 0) - now().getTime();
  if (leftMs > 0) await wait(Math.min(leftMs, LEASE_MS), signal);
}

/** The state of the credential before the run; the next run logs what this one changes. */
function credentialNow({ credential, rotation }: Registry, now: Date) {
  const { kind } = credential;
  const { current, lastResult } = rotation;
  const isRenewed = credentialKind(kind).issuer !== undefined;
  return {
    kind,
    issuedOn: current?.issuedOn,
    expiresOn: current?.expiresOn,
    endsSoon: current !== undefined && endsSoon(current, now),
    nextRotationOn: renewOn(credential, current),
    // A kind without rotation has no last result: an older one is outdated.
    lastResult: current || isRenewed ? lastResult : undefined,
  };
}
