import type { FoundPassword } from '../credentials/kind.ts';
import { endOfGrace } from '../credentials/renewal.ts';
import {
  type CredentialRecord,
  type CredentialState,
  type Declared,
  type EarlierCredential,
  type Failure,
  type IssuedCredential,
  type KnownCredential,
  type ReasonToIssue,
  type RotationResult,
  unconfirmed,
} from '../credentials/state.ts';
import { isLeaked } from './facts.ts';
import type { RotationChanges } from './lease.ts';

// The changes that each step writes into the record.

/** A rotation begins. */
export function started(why: ReasonToIssue, now: Date): RotationChanges {
  return { why, startedOn: now, attempts: undefined };
}

/** The registry accepts the candidate. The first credential of a registry needs no confirmation by the holder. */
export function proven(
  { current, candidate, earlier = [], ...state }: CredentialState,
  now: Date,
): RotationChanges {
  const isFirst = !current && unconfirmed({ earlier }).length === 0;
  return {
    ...{ current: candidate, candidate: undefined, refusedSince: undefined, attempts: undefined },
    earlier: listOf([...(current ? [current] : []), ...earlier]),
    ...(isFirst && { lastResult: rotated(now), ...answered(candidate, state) }),
  };
}

/**
 * The current credential is delivered: what was delivered before is revoked after the grace period.
 * @param minutesInUse how long that may still be in use; 0 when the holder has confirmed the current one
 */
export function delivered(
  { credential, rotation }: CredentialRecord,
  now: Date,
  minutesInUse: number,
): RotationChanges {
  const { current, earlier = [], givenUp } = rotation;
  const confirmed = earlier.map(old => {
    if (old.revokeOn) return old;
    // One that was given up was delivered too: copies of it may be in use.
    const isAtOnce = isLeaked(old, rotation) || (givenUp !== undefined && minutesInUse === 0);
    return { ...old, revokeOn: isAtOnce ? now : endOfGrace(credential, now, minutesInUse) };
  });
  return {
    ...{ earlier: listOf(confirmed), attempts: undefined },
    ...(!givenUp && { lastResult: rotated(now), ...answered(current, rotation) }),
  };
}

/** A request is answered by a credential that was issued after it. */
function answered(
  credential: IssuedCredential | undefined,
  { requestedOn }: CredentialState,
): RotationChanges {
  const isAnswered = requestedOn && credential && credential.issuedOn >= requestedOn;
  return isAnswered ? { requestedOn: undefined } : {};
}

/** Goes back to an earlier credential. */
export function fallenBack(
  { current, earlier = [] }: CredentialState,
  { revokeOn: _, ...to }: EarlierCredential,
  failure: Failure,
  now: Date,
): RotationChanges {
  const { reason, message } = failure;
  const others = earlier.filter(old => old.secretVersion !== to.secretVersion);
  return {
    ...{ current: to as IssuedCredential, earlier: listOf([...(current ? [current] : []), ...others]) },
    ...{ givenUp: { reason, message }, refusedSince: undefined, attempts: undefined },
    lastResult: failed(failure, now),
  };
}

/** The record is older than Key Vault: the holder may have any of them. */
export function recalled(
  { current, earlier = [] }: CredentialState,
  newer: IssuedCredential,
): RotationChanges {
  const others = earlier.map(({ revokeOn: _, ...old }) => old);
  return {
    current: newer,
    earlier: listOf([...(current ? [current] : []), ...others]),
    refusedSince: undefined,
  };
}

/** The holder may have passwords of the account that the record does not have. */
export function remembered(
  { earlier = [] }: CredentialState,
  declared: Declared,
  username: string,
  found: readonly FoundPassword[],
  now: Date,
): RotationChanges {
  const unknown = found.map(({ slot, createdOn }) => ({
    ...{ declared, username, slot, issuedOn: createdOn ?? now },
    ...(createdOn && { createdOn }),
  }));
  return { earlier: [...earlier, ...unknown] };
}

export function revoked(
  { earlier = [] }: CredentialState,
  old: EarlierCredential,
  now: Date,
): RotationChanges {
  const { revokeOn: _, ...credential } = old;
  const left = earlier.filter(other => other !== old);
  const isOver = unconfirmed({ earlier: left }).length === 0;
  return {
    ...{ earlier: listOf(left), revoked: { ...(credential as KnownCredential), revokedOn: now } },
    ...(isOver && { givenUp: undefined }),
  };
}

export function failed({ reason, message, remedy, retryable }: Failure, now: Date): RotationResult {
  const more = { ...(remedy && { remedy }), ...(retryable && { retryable }) };
  return { on: now, outcome: 'failed', reason, message, ...more };
}

function rotated(now: Date): RotationResult {
  return {
    on: now,
    outcome: 'rotated',
    reason: 'rotated',
    message: 'The new credential is the current one now.',
  };
}

function listOf(earlier: EarlierCredential[]): EarlierCredential[] | undefined {
  return earlier.length > 0 ? earlier : undefined;
}
