import { renewOn } from '../credentials/renewal.ts';
import {
  type CredentialState,
  type IssuedCredential,
  type KnownCredential,
  type ReasonToIssue,
  unconfirmed,
} from '../credentials/state.ts';
import { isGone, isSameSource } from './azure-facts.ts';
import { toIssue } from './decide-slot.ts';
import { isLeaked, issues, type RotationFacts } from './facts.ts';
import { nothing, type RotationStep } from './step.ts';

/** A new credential works within 2 minutes in Entra and within one in ACR. One refused for longer never will. */
const LONGEST_PROPAGATION_MS = 15 * 60_000;
/** For how long one is tested that the registry accepts after that time. */
const LATE_TEST_MS = 60_000;
/** How long after a failure a rotation is tried again, unless the holder has no working credential or a person asks. */
const AFTER_FAILURE_MS = 15 * 60_000;
/** For how long a registry must refuse a password that Azure still has, before the password counts as dead. */
export const REFUSED_FOR_MS = 5 * 60_000;

/** The one next step. A run that was cut off is not resumed: each run decides from the record. */
export function decide(facts: RotationFacts): RotationStep {
  const { rotation, now } = facts;
  const { current, candidate, earlier = [] } = rotation;
  if (candidate) return aboutCandidate(candidate, facts);
  if (current && facts.current !== 'accepted') return aboutRefused(current, facts);
  if (current && unconfirmed(rotation).length > 0) return { do: 'deliver' };

  const over = earlier.find(old => old.revokeOn && (old.revokeOn <= now || isLeaked(old, rotation)));
  if (over) return { do: 'revoke', credential: over, deliverFirst: current !== undefined };

  const why = whyNow(facts);
  if (!issues(facts) || !why || hasJustFailed(rotation, now)) return nothing(facts);
  return toIssue(why, facts);
}

function aboutCandidate(
  candidate: IssuedCredential,
  { declared, rotation, now, ...facts }: RotationFacts,
): RotationStep {
  const isWanted = issues({ declared }) && isSameSource(candidate.declared, declared);
  if (!isWanted || isLeaked(candidate, rotation)) return { do: 'discard', expired: false };
  const until = new Date(candidate.issuedOn.getTime() + LONGEST_PROPAGATION_MS);
  if (now <= until) return { do: 'prove', until };
  if (!facts.found) return { do: 'look' };
  // The registry, or its list of repositories, may have been away meanwhile: the time alone says nothing.
  const { outage, candidate: verdict } = facts.found;
  if (outage) return { do: 'wait', because: outage };
  if (verdict !== 'accepted') return { do: 'discard', expired: true };
  return { do: 'prove', until: new Date(now.getTime() + LATE_TEST_MS) };
}

/** The registry does not accept what the holder should have. A refusal alone proves nothing. */
function aboutRefused(current: IssuedCredential, facts: RotationFacts): RotationStep {
  const { found, accepted, rotation, now, declared } = facts;
  if (!found) return { do: 'look' };
  if (facts.current === 'missing') return issues(facts) ? toIssue('refused', facts) : { do: 'report' };
  if (found.outage) return { do: 'wait', because: found.outage };
  if (accepted && !isLeaked(accepted, rotation)) return { do: 'fall-back', to: accepted };
  if (!issues(facts)) return { do: 'report' };
  if (!isSameSource(current.declared, declared)) return toIssue('declared', facts);
  if (facts.current === 'no-rights') return { do: 'repair-rights' };
  const { refusedSince } = rotation;
  const isDead = isGone(current, found.azure) || hasEnded(current, now) || isLeaked(current, rotation);
  if (isDead) return toIssue('refused', facts);
  if (!refusedSince) return { do: 'suspect' };
  const hasLasted = now.getTime() - refusedSince.getTime() >= REFUSED_FOR_MS;
  return hasLasted ? toIssue('refused', facts) : nothing(facts);
}

function whyNow({ declared, rotation, now }: RotationFacts): ReasonToIssue | undefined {
  const { current, requestedOn } = rotation;
  if (!current) return 'first';
  if (!isSameSource(current.declared, declared)) return 'declared';
  if (isLeaked(current, rotation)) return 'compromised';
  if (requestedOn && current.issuedOn < requestedOn) return 'requested';
  const dueOn = renewOn(declared, current);
  return dueOn && dueOn <= now ? 'due' : undefined;
}

function hasEnded({ expiresOn }: KnownCredential, now: Date): boolean {
  return expiresOn !== undefined && expiresOn <= now;
}

/** A first credential is tried on each run, since the holder waits for it; so is the successor of one that leaked. */
function hasJustFailed(rotation: CredentialState, now: Date): boolean {
  const { lastResult, current, requestedOn } = rotation;
  if (!current || isLeaked(current, rotation) || lastResult?.outcome !== 'failed') return false;
  if (requestedOn && requestedOn > lastResult.on) return false;
  return now.getTime() - lastResult.on.getTime() < AFTER_FAILURE_MS;
}
