import type { Failure, IssuedCredential } from '../credentials/state.ts';
import { delivered, failed, fallenBack, proven, REVOKED } from './changes.ts';
import type { RotationStep } from './decide.ts';
import { isFinal, neverAccepted, refusedBy } from './failures.ts';
import { deliverAgain, mayBeInUse } from './grace.ts';
import { issue, revoke } from './issuing.ts';
import { isStillCandidate } from './next-step.ts';
import type { Run } from './run.ts';

/**
 * Carries out the decided step on the record as it is now.
 * @returns whether there is more to do now
 */
export async function take(run: Run, step: RotationStep): Promise<boolean> {
  switch (step.do) {
    case 'nothing':
      return false;
    case 'report':
      await fail(run, refusedBy(run.lease.registry()));
      return false;
    case 'issue':
      await issue(run, step.why);
      return true;
    case 'prove':
      return prove(run);
    case 'discard':
      return discard(run, step.expired);
    case 'deliver':
      await deliver(run);
      return true;
    case 'fall-back':
      await fallBack(run, refusedBy(run.lease.registry()));
      return true;
    case 'revoke':
      await revokePrevious(run, step.deliverFirst);
      return true;
  }
}

/** Records a failure and reports it, but not again with each run. */
export async function fail({ services, lease, notices }: Run, failure: Failure): Promise<void> {
  const { credential, rotation } = lease.registry();
  const { lastResult } = rotation;
  if (lastResult?.outcome === 'failed' && lastResult.reason === failure.reason) return;
  await lease.save({ lastResult: failed(failure, services.now()) });
  await notices.failed(credential.kind, failure);
}

/** @returns whether the registry accepted the candidate */
async function prove(run: Run): Promise<boolean> {
  const { services, lease, tests, notices, signal } = run;
  const { rotation } = lease.registry();
  const candidate = rotation.candidate as IssuedCredential;
  if (!(await tests.comesToWork(candidate, () => isStillCandidate(run)))) return false;
  await lease.save(proven(lease.registry().rotation, services.now()));
  if (rotation.current) return true;
  await notices.rotated(candidate, undefined);
  // Coder may have the registry already; otherwise it gets the credential with the first image.
  await services.holder.prove(lease.registry(), signal);
  return true;
}

/** Gives Coder the current credential, or goes back to the previous one when Coder cannot use it. */
async function deliver(run: Run): Promise<void> {
  const { services, lease, notices, signal } = run;
  const { current, givenUp } = lease.registry().rotation;
  try {
    await services.holder.prove(lease.registry(), signal);
  } catch (error) {
    if (givenUp || !isFinal(error)) throw error;
    return fallBack(run, error);
  }
  if (givenUp) return lease.save({ revokeOn: services.now() });
  const minutesInUse = services.holder.minutesInUse(lease.registry());
  await lease.save(delivered(lease.registry(), services.now(), minutesInUse));
  await notices.rotated(current as IssuedCredential, lease.registry().rotation.revokeOn);
}

async function fallBack({ services, lease, notices }: Run, failure: Failure): Promise<void> {
  const { credential, rotation } = lease.registry();
  await lease.save(fallenBack(rotation, failure, services.now()));
  await notices.failed(credential.kind, failure);
}

async function revokePrevious(run: Run, deliverFirst: boolean): Promise<void> {
  const { services, lease, notices } = run;
  const previous = lease.registry().rotation.previous as IssuedCredential;
  if (deliverFirst && (await deliverAgain(run))) return;
  if (deliverFirst && mayBeInUse(run)) await services.holder.proveUnused(lease.registry(), previous);
  await revoke(run, previous);
  await lease.save(REVOKED);
  notices.revoked(previous);
}

/** @param expired the registry did not accept the candidate in time */
async function discard(run: Run, expired: boolean): Promise<boolean> {
  const { lease } = run;
  await revoke(run, lease.registry().rotation.candidate as IssuedCredential);
  await lease.save({ candidate: undefined });
  if (expired) await fail(run, neverAccepted(lease.registry()));
  return !expired;
}
