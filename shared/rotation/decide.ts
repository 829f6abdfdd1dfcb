import type { FoundPassword, Slots } from '../credentials/kind.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { renewOn } from '../credentials/renewal.ts';
import {
  type CredentialState,
  credentialsOf,
  type Declared,
  type EarlierCredential,
  type Failure,
  type IssuedCredential,
  type KnownCredential,
  type ReasonToIssue,
  unconfirmed,
} from '../credentials/state.ts';
import { type Azure, isGone, isSameSource, unknownPasswords } from './azure-facts.ts';

/**
 * What a test at the registry says of a credential: the registry accepts it; or refuses the password; or knows the
 * password, but does not let it pull; or the password is gone from Key Vault, so that it cannot be tested.
 */
export type Verdict = 'accepted' | 'refused' | 'no-rights' | 'missing';

/** The facts on which a run decides what to do next. */
export interface RotationFacts {
  declared: Declared;
  rotation: CredentialState;
  now: Date;
  /** What the registry says of `current`; accepted when there is none. */
  current: Verdict;
  /** The newest earlier one that the registry accepts; looked for only when it does not accept `current`. */
  accepted: EarlierCredential | undefined;
  /** What was found out besides; undefined until a step asks for it. */
  found: Found | undefined;
}

/** What a run finds out before it issues anything. */
export interface Found {
  /** Why the registry's answers prove nothing now: it refuses the bridge's own identity too, or answers strangely. */
  outage: Failure | undefined;
  /** The passwords that the declared account has in Azure. */
  azure: Azure;
  /** A credential in Key Vault that is newer than the record and that the registry accepts: the record is old. */
  stored: IssuedCredential | undefined;
  /** Whether the holder still has what the bridge gave it last: no person gave it another one. */
  isUntouched: boolean;
}

/** How a new credential is made. */
export interface Issue {
  do: 'issue';
  why: ReasonToIssue;
  slot?: string;
  /** Takes the password that is in the slot, so that other clients keep it. */
  asItIs: boolean;
  /** The slot has a password that Coder could hold: Coder confirms the current one first. */
  deliverFirst: boolean;
}

export type RotationStep =
  /** `nextOn`: when the next step is due. */
  | { do: 'nothing'; nextOn?: Date }
  /** Find out more, then decide again. */
  | { do: 'look' }
  /** Nothing can be told or done until this is over. */
  | { do: 'wait'; because: Failure }
  /** The first refusal of a password that Azure still has: nothing is done about it before it has lasted. */
  | { do: 'suspect' }
  /** A person must act: the bridge issues no credential of this kind. */
  | { do: 'report' }
  /** The password works, but it may not pull. */
  | { do: 'repair-rights' }
  /** Both passwords are taken, and Coder may hold either. */
  | { do: 'report-no-slot' }
  | Issue
  /** Take up what Key Vault has and the record does not. */
  | { do: 'recall'; credential: IssuedCredential }
  /** Keep in mind passwords of the account that the record does not have: Coder may hold them. */
  | { do: 'remember'; passwords: FoundPassword[] }
  | { do: 'prove' }
  /** `expired`: the registry did not accept it in time. */
  | { do: 'discard'; expired: boolean }
  | { do: 'deliver' }
  /** Go back to an earlier credential, which still works. */
  | { do: 'fall-back'; to: EarlierCredential }
  /** `deliverFirst`: a late call may have given Coder the old credential again, so deliver the current one first. */
  | { do: 'revoke'; credential: EarlierCredential; deliverFirst: boolean };

/** A new credential works within 2 minutes in Entra and within one in ACR. One refused for longer never will. */
const LONGEST_PROPAGATION_MS = 15 * 60_000;
/** How long after a failure a rotation is tried again, unless Coder has no working credential or a person asks. */
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
  const waitedMs = now.getTime() - candidate.issuedOn.getTime();
  if (waitedMs <= LONGEST_PROPAGATION_MS) return { do: 'prove' };
  if (!facts.found) return { do: 'look' };
  // The registry was away meanwhile, so the time says nothing about the candidate.
  return facts.found.outage ? { do: 'wait', because: facts.found.outage } : { do: 'discard', expired: true };
}

/** The registry does not accept what Coder should hold. A refusal alone proves nothing. */
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

/**
 * Issues into a slot whose password no Coder can hold. Where a slot has a password, Coder confirms another one before the bridge
 * overwrites it.
 */
function toIssue(why: ReasonToIssue, facts: RotationFacts): RotationStep {
  const { rotation, found, declared } = facts;
  if (!found) return { do: 'look' };
  if (found.outage) return { do: 'wait', because: found.outage };
  const isHolding = rotation.current !== undefined && facts.current === 'accepted';
  if (!isHolding && found.stored) return { do: 'recall', credential: found.stored };
  const { slots, shared } = credentialKind(declared.kind).issuer ?? {};
  if (slots && shared) return toIssueShared(slots, why, facts, isHolding);

  // A run that was cut off left a password in this slot, and never gave it to Coder.
  const isLeft = (slot: string) =>
    slot === rotation.issuing && (isHolding || found.isUntouched) && !isGiven(slot, facts, found.azure);
  const passwords = found.azure.passwords.filter(({ slot }) => !isLeft(slot));
  const azure = { ...found.azure, passwords };
  const unknown = unknownPasswords(facts, azure);
  if (unknown.length > 0) return { do: 'remember', passwords: unknown };
  if (!slots) return { do: 'issue', why, asItIs: false, deliverFirst: false };
  const free = slots.find(slot => isFree(slot, facts, azure));
  const deliverFirst = isHolding && found.azure.passwords.some(({ slot }) => slot === free);
  if (free) return { do: 'issue', why, slot: free, asItIs: false, deliverFirst };
  return withoutFreeSlot(slots, why, facts, isHolding);
}

/** Both slots have a password. */
function withoutFreeSlot(
  slots: Slots,
  why: ReasonToIssue,
  facts: RotationFacts,
  isHolding: boolean,
): RotationStep {
  const { rotation, found } = facts;
  const { current } = rotation;
  // The other one is in its grace period, and is revoked when that ends.
  if (isHolding && rotation.earlier?.length) return nothing(facts);
  const given = [current, ...unconfirmed(rotation)].filter(credential => credential?.secretVersion);
  const isHarmless =
    found?.isUntouched &&
    current !== undefined &&
    given.every(credential => credential && isGone(credential, found.azure));
  if (!isHarmless && !isGivenUpForLost(rotation)) return { do: 'report-no-slot' };
  const unused = found && slots.find(taken => !isGiven(taken, facts, found.azure));
  const slot = unused ?? otherThan(slots, current?.slot);
  return { do: 'issue', why, slot, asItIs: false, deliverFirst: false };
}

/** Whether the slot still has a password that the bridge gave to Coder, or keeps during its grace period. */
function isGiven(slot: string, { rotation, declared }: RotationFacts, azure: Azure): boolean {
  return credentialsOf(rotation).some(
    known =>
      known.slot === slot &&
      known.secretVersion !== undefined &&
      isSameSource(known.declared, declared) &&
      !isGone(known, azure),
  );
}

/** An account whose slots always have a password, which others may use too. */
function toIssueShared(
  slots: Slots,
  why: ReasonToIssue,
  facts: RotationFacts,
  isHolding: boolean,
): RotationStep {
  const { rotation, declared } = facts;
  const { current, earlier = [] } = rotation;
  const own = current && isSameSource(current.declared, declared) ? current.slot : undefined;
  const slot = otherThan(slots, own);
  const isLost = isGivenUpForLost(rotation);
  if (!isLost && !(own && isHolding)) return { do: 'issue', why, slot, asItIs: true, deliverFirst: false };
  const isTaken = earlier.some(old => old.slot === slot && isSameSource(old.declared, declared));
  if (isTaken && isHolding) return nothing(facts);
  return { do: 'issue', why, slot, asItIs: false, deliverFirst: isHolding };
}

/** Whether a person said that others may know whatever Coder can hold, so that it must go. */
function isGivenUpForLost(rotation: CredentialState): boolean {
  const { current, compromisedOn } = rotation;
  return compromisedOn !== undefined && (!current || isLeaked(current, rotation));
}

function isFree(slot: string, { rotation, declared }: RotationFacts, azure: Azure): boolean {
  const isOurs = credentialsOf(rotation).some(
    known => known.slot === slot && isSameSource(known.declared, declared) && !isGone(known, azure),
  );
  return !isOurs && !azure.passwords.some(password => password.slot === slot);
}

function otherThan([first, second]: Slots, used: string | undefined): string {
  return used === first ? second : first;
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

function nothing({ declared, rotation }: RotationFacts): RotationStep {
  const ends = (rotation.earlier ?? []).flatMap(({ revokeOn }) => revokeOn ?? []);
  const dueOn = renewOn(declared, rotation.current);
  const [nextOn] = [...ends, ...(dueOn && ends.length === 0 ? [dueOn] : [])].sort((a, b) => +a - +b);
  return { do: 'nothing', ...(nextOn && { nextOn }) };
}

function issues({ declared }: Pick<RotationFacts, 'declared'>): boolean {
  return credentialKind(declared.kind).issuer !== undefined;
}

/** Whether it was issued before the reported compromise. */
export function isLeaked({ issuedOn }: KnownCredential, { compromisedOn }: CredentialState): boolean {
  return compromisedOn !== undefined && issuedOn < compromisedOn;
}

function hasEnded({ expiresOn }: KnownCredential, now: Date): boolean {
  return expiresOn !== undefined && expiresOn <= now;
}

/** A first credential is tried on each run, since Coder waits for it; so is the successor of one that leaked. */
function hasJustFailed(rotation: CredentialState, now: Date): boolean {
  const { lastResult, current, requestedOn } = rotation;
  if (!current || isLeaked(current, rotation) || lastResult?.outcome !== 'failed') return false;
  if (requestedOn && requestedOn > lastResult.on) return false;
  return now.getTime() - lastResult.on.getTime() < AFTER_FAILURE_MS;
}
