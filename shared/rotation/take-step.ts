import type { FoundPassword } from '../credentials/kind.ts';
import { forgetSecret } from '../credentials/secrets.ts';
import {
  credentialsOf,
  type EarlierCredential,
  type Failure,
  type IssuedCredential,
  unconfirmed,
} from '../credentials/state.ts';
import { userNameOf } from './azure-facts.ts';
import { delivered, failed, fallenBack, proven, recalled, remembered } from './changes.ts';
import { isLeaked } from './facts.ts';
import { isFinal, lacksRights, neverAccepted, noFreeSlot, refusedBy } from './failures.ts';
import { issue, maintain, revoke } from './issuing.ts';
import { isStillCandidate } from './next-step.ts';
import { revokeEarlier, tidy } from './revoking.ts';
import type { Run } from './run.ts';
import { stageOf } from './stage.ts';
import type { RotationStep } from './step.ts';

/**
 * Carries out the decided step on the record as it is now.
 * @returns whether there is more to do now
 */
export async function take(run: Run, step: RotationStep): Promise<boolean> {
  switch (step.do) {
    case 'nothing':
    case 'look':
      return false;
    case 'wait':
      await forgetSuspicion(run);
      await stop(run, step.because);
      return false;
    case 'suspect':
      await suspect(run);
      return false;
    case 'report':
      await fail(run, refusedBy(run.lease.registry()));
      return false;
    case 'report-no-slot':
      await fail(run, noFreeSlot(run.lease.registry()));
      return false;
    case 'repair-rights':
      await maintain(run);
      await fail(run, lacksRights(run.lease.registry()));
      return false;
    case 'issue':
      return issue(run, step);
    case 'recall':
      await recall(run, step.credential);
      return true;
    case 'remember':
      await remember(run, step.passwords);
      return true;
    case 'prove':
      return prove(run, step.until);
    case 'discard':
      return discard(run, step.expired);
    case 'deliver':
      await deliver(run);
      return true;
    case 'fall-back':
      await fallBack(run, step.to, refusedBy(run.lease.registry()));
      return true;
    case 'revoke':
      await revokeEarlier(run, step.credential, step.deliverFirst);
      return true;
  }
}

/** Records a failure and reports it, but not again with each run, unless a person asked in between. */
export async function fail({ services, lease, notices }: Run, failure: Failure): Promise<void> {
  const { credential, rotation } = lease.registry();
  const { lastResult, requestedOn } = rotation;
  const attempts = stageOf(lease.registry()) && (rotation.attempts ?? 0) + 1;
  const isKnown = lastResult?.outcome === 'failed' && lastResult.reason === failure.reason;
  if (isKnown && !(requestedOn && requestedOn > lastResult.on)) {
    if (attempts !== undefined) await lease.save({ attempts });
    return;
  }
  await lease.save({ lastResult: failed(failure, services.now()), attempts });
  await notices.failed(credential.kind, failure);
}

/** A service does not answer, or answers strangely: reported where that holds up a rotation. */
export async function stop(run: Run, failure: Failure): Promise<void> {
  const { lease, notices } = run;
  const { rotation } = lease.registry();
  const stage = stageOf(lease.registry());
  // It matters only when it holds up a step, or keeps the holder without a credential.
  const isIdle = !lease.isHeld() && (stage === undefined || stage === 'waiting-to-revoke');
  const isEmergency = credentialsOf(rotation).some(credential => isLeaked(credential, rotation));
  if (isIdle && !isEmergency && failure.retryable) return notices.skipped(failure);
  await fail(run, failure);
}

/** The registry refuses a password that Azure still has: perhaps an incident of the registry. */
async function suspect(run: Run): Promise<void> {
  const { services, lease, notices } = run;
  await lease.save({ refusedSince: services.now() });
  notices.suspected(refusedBy(lease.registry()));
  // A disabled account is reported at once.
  await maintain(run);
}

/** Refusals before an outage and after it are not one that lasted: the outage hides what was between. */
export async function forgetSuspicion({ lease }: Run): Promise<void> {
  if (lease.registry().rotation.refusedSince) await lease.save({ refusedSince: undefined });
}

/** @returns whether the registry accepted the candidate */
async function prove(run: Run, until: Date): Promise<boolean> {
  const { services, lease, tests, notices, signal } = run;
  const { rotation } = lease.registry();
  const candidate = rotation.candidate as IssuedCredential;
  const goesOn = async () => {
    await lease.take();
    return services.now() <= until && isStillCandidate(run);
  };
  if (!(await tests.comesToWork(candidate, goesOn))) {
    const { attempts = 0 } = lease.registry().rotation;
    await lease.save({ attempts: attempts + 1 });
    // What was changed in between decides about the next step.
    return !isStillCandidate(run) && !signal.aborted;
  }
  const changes = proven(lease.registry().rotation, services.now());
  await lease.save(changes);
  if (!('lastResult' in changes)) return true;
  await notices.rotated(candidate, undefined);
  // Coder Classic may have the registry already; otherwise it gets the credential with the first image.
  await services.holder.prove(lease.registry(), signal);
  return true;
}

/** Delivers the current credential, or goes back to an earlier one when the holder cannot use it. */
async function deliver(run: Run): Promise<void> {
  const { services, lease, notices, signal } = run;
  const { current, givenUp } = lease.registry().rotation;
  try {
    await services.holder.prove(lease.registry(), signal);
  } catch (error) {
    const to = await workingEarlier(run);
    if (givenUp || !to || !isFinal(error)) throw error;
    return fallBack(run, to, error);
  }
  await tidy(run);
  const minutesInUse = services.holder.minutesInUse(lease.registry());
  await lease.save(delivered(lease.registry(), services.now(), minutesInUse));
  if (givenUp) return;
  const [last] = lease.registry().rotation.earlier ?? [];
  await notices.rotated(current as IssuedCredential, last?.revokeOn);
}

/** One that the holder may have and that the registry accepts. */
async function workingEarlier({ lease, tests }: Run): Promise<EarlierCredential | undefined> {
  for (const old of unconfirmed(lease.registry().rotation)) {
    if ((await tests.verdictOf(old)) === 'accepted') return old;
  }
  return undefined;
}

async function fallBack(
  { services, lease, notices }: Run,
  to: EarlierCredential,
  failure: Failure,
): Promise<void> {
  const { credential, rotation } = lease.registry();
  await lease.save(fallenBack(rotation, to, failure, services.now()));
  await notices.failed(credential.kind, failure);
}

async function recall({ services, lease, notices, signal }: Run, newer: IssuedCredential): Promise<void> {
  await lease.save(recalled(lease.registry().rotation, newer));
  notices.recalled(newer);
  await services.holder.prove(lease.registry(), signal);
}

async function remember({ services, lease }: Run, found: readonly FoundPassword[]): Promise<void> {
  const { credential, rotation } = lease.registry();
  const username = userNameOf(credential) ?? '';
  await lease.save(remembered(rotation, credential, username, found, services.now()));
}

/** @param expired the registry did not accept the candidate in time */
async function discard(run: Run, expired: boolean): Promise<boolean> {
  const { services, lease } = run;
  const { name, rotation } = lease.registry();
  const candidate = rotation.candidate as IssuedCredential;
  // A password that was there before the bridge took it may be in use elsewhere.
  if (!candidate.wasThere) await revoke(run, candidate);
  try {
    await forgetSecret(services.vault, name, candidate);
  } finally {
    await lease.save({ candidate: undefined });
  }
  if (expired) await fail(run, neverAccepted(lease.registry()));
  return !expired;
}
