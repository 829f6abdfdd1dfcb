import type { Slots } from '../credentials/kind.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import {
  type CredentialState,
  credentialsOf,
  type ReasonToIssue,
  unconfirmed,
} from '../credentials/state.ts';
import { type Azure, isGone, isSameSource, unknownPasswords } from './azure-facts.ts';
import { isLeaked, type RotationFacts } from './facts.ts';
import { nothing, type RotationStep } from './step.ts';

/**
 * Issues into a slot whose password no holder can have. Where a slot has a password, the holder confirms another one
 * before the bridge overwrites it.
 */
export function toIssue(why: ReasonToIssue, facts: RotationFacts): RotationStep {
  const { rotation, found, declared } = facts;
  if (!found) return { do: 'look' };
  if (found.outage) return { do: 'wait', because: found.outage };
  const isHolding = rotation.current !== undefined && facts.current === 'accepted';
  if (!isHolding && found.stored) return { do: 'recall', credential: found.stored };
  const { slots, shared } = credentialKind(declared.kind).issuer ?? {};
  if (slots && shared) return toIssueShared(slots, why, facts, isHolding);

  // A run that was cut off left a password in this slot, and never gave it to the holder.
  const isLeft = (slot: string) =>
    slot === rotation.issuing && (isHolding || found.isUntouched) && !isGiven(slot, facts, found.azure);
  const passwords = found.azure.passwords.filter(({ slot }) => !isLeft(slot));
  const azure = { ...found.azure, passwords };
  const unknown = unknownPasswords(facts, azure);
  if (unknown.length > 0) return { do: 'remember', passwords: unknown };
  if (!slots) return { do: 'issue', why, asItIs: false, deliverFirst: false };
  const free = slots.find(slot => !passwords.some(password => password.slot === slot));
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

/** Whether the slot still has a password that the bridge gave to the holder, or keeps during its grace period. */
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

/** Whether a person said that others may know whatever the holder can have, so that it must go. */
function isGivenUpForLost(rotation: CredentialState): boolean {
  const { current, compromisedOn } = rotation;
  return compromisedOn !== undefined && (!current || isLeaked(current, rotation));
}

function otherThan([first, second]: Slots, used: string | undefined): string {
  return used === first ? second : first;
}
