import { credentialKind } from '../credentials/kinds/all.ts';
import { renewOn } from '../credentials/renewal.ts';
import type { CredentialState, Declared, IssuedCredential } from '../credentials/state.ts';

/** The facts on which a run decides what to do next. */
export interface RotationFacts {
  declared: Declared;
  rotation: CredentialState;
  now: Date;
  /** Whether the registry accepts `current`; true when there is none. */
  currentWorks: boolean;
  /** Whether the registry accepts `previous`; tested only when it does not accept `current`. */
  previousWorks: boolean;
  /** Until the end of the grace period, `previous` may still be in use, since no holder confirms a delivery. */
  unconfirmed: boolean;
}

export type RotationStep =
  /** `nextOn`: when the next step is due. */
  | { do: 'nothing'; nextOn?: Date }
  /** A person must act: the bridge issues no credential of this kind. */
  | { do: 'report' }
  | { do: 'issue'; why: 'first' | 'refused' | 'declared' | 'requested' | 'compromised' | 'due' }
  | { do: 'prove' }
  /** `expired`: the registry did not accept it in time. */
  | { do: 'discard'; expired: boolean }
  | { do: 'deliver' }
  /** Go back to the previous credential, which still works. */
  | { do: 'fall-back' }
  /** `deliverFirst`: a late call may have given Coder the old credential again, so deliver the current one first. */
  | { do: 'revoke'; deliverFirst: boolean };

/** A new credential works within 2 minutes in Entra and within one in ACR. One refused for longer never will. */
const LONGEST_PROPAGATION_MS = 15 * 60_000;
/** How long after a failure a rotation is tried again, unless Coder has no working credential or a person asks. */
const AFTER_FAILURE_MS = 15 * 60_000;

/** The one next step. A run that was cut off is not resumed: each run decides from the record. */
export function decide(facts: RotationFacts): RotationStep {
  const { declared, rotation, now, currentWorks, previousWorks } = facts;
  const { current, candidate, previous, revokeOn } = rotation;
  const issues = credentialKind(declared.kind).issuer !== undefined;

  if (candidate) {
    const wanted = issues && isSameSource(candidate.declared, declared) && !isLeaked(candidate, rotation);
    if (!wanted) return { do: 'discard', expired: false };
    const waitedMs = now.getTime() - candidate.issuedOn.getTime();
    return waitedMs > LONGEST_PROPAGATION_MS ? { do: 'discard', expired: true } : { do: 'prove' };
  }
  if (current && !currentWorks) {
    if (previous && previousWorks) return { do: 'fall-back' };
    if (previous) return { do: 'revoke', deliverFirst: false };
    return issues ? { do: 'issue', why: 'refused' } : { do: 'report' };
  }
  if (previous && !revokeOn) return { do: 'deliver' };
  if (previous && revokeOn && revokeOn <= now) return { do: 'revoke', deliverFirst: current !== undefined };
  if (!issues) return { do: 'nothing' };

  const why = whyNow(facts);
  if (!why || hasJustFailed(rotation, now)) return nothing(facts);
  if (!previous) return { do: 'issue', why };
  // A rotation that is only due waits for the end of the grace period. Every other one ends it, unless others may still
  // use the previous credential, which only a compromise does not wait for.
  const waits = why === 'due' || (facts.unconfirmed && why !== 'compromised');
  return waits ? nothing(facts) : { do: 'revoke', deliverFirst: true };
}

function whyNow({ declared, rotation, now }: RotationFacts) {
  const { current, requestedOn } = rotation;
  if (!current) return 'first';
  if (!isSameSource(current.declared, declared)) return 'declared';
  if (isLeaked(current, rotation)) return 'compromised';
  if (requestedOn && current.issuedOn < requestedOn) return 'requested';
  const dueOn = renewOn(declared, current);
  return dueOn && dueOn <= now ? 'due' : undefined;
}

function nothing({ declared, rotation }: RotationFacts): RotationStep {
  const { current, revokeOn } = rotation;
  const nextOn = revokeOn ?? renewOn(declared, current);
  return { do: 'nothing', ...(nextOn && { nextOn }) };
}

/** Whether it was issued before the reported compromise. */
export function isLeaked({ issuedOn }: IssuedCredential, { compromisedOn }: CredentialState): boolean {
  return compromisedOn !== undefined && issuedOn < compromisedOn;
}

/** A first credential is tried on each run, since Coder waits for it. */
function hasJustFailed({ lastResult, current, requestedOn }: CredentialState, now: Date): boolean {
  if (!current || lastResult?.outcome !== 'failed') return false;
  if (requestedOn && requestedOn > lastResult.on) return false;
  return now.getTime() - lastResult.on.getTime() < AFTER_FAILURE_MS;
}

/** Whether both are for the same account; their schedules do not matter. */
function isSameSource(one: Declared, other: Declared): boolean {
  return one.kind === other.kind && accountOf(one) === accountOf(other);
}

function accountOf(declared: Declared): string | undefined {
  return credentialKind(declared.kind).issuer?.accountOf?.(declared);
}
