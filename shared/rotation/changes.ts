import { endOfGrace } from '../credentials/renewal.ts';
import type { CredentialRecord, CredentialState, Failure, RotationResult } from '../credentials/state.ts';
import { isLeaked } from './decide.ts';
import type { RotationChanges } from './lease.ts';

// The changes that each step writes into the record.

/** The registry accepts the candidate. The first credential of a registry needs no confirmation by Coder. */
export function proven({ current, candidate }: CredentialState, now: Date): RotationChanges {
  const isFirst = current === undefined;
  return {
    ...{ current: candidate, previous: current, candidate: undefined, revokeOn: undefined },
    ...(isFirst && { lastResult: rotated(now), requestedOn: undefined }),
  };
}

/**
 * The current credential is delivered.
 * @param minutesInUse how long the previous one may still be in use; 0 when Coder has confirmed the current one
 */
export function delivered(
  { credential, rotation }: CredentialRecord,
  now: Date,
  minutesInUse: number,
): RotationChanges {
  const { previous } = rotation;
  const leaked = previous !== undefined && isLeaked(previous, rotation);
  const revokeOn = leaked ? now : endOfGrace(credential, now, minutesInUse);
  return { revokeOn, lastResult: rotated(now), requestedOn: undefined };
}

/** Goes back to the previous credential. */
export function fallenBack(
  { current, previous }: CredentialState,
  failure: Failure,
  now: Date,
): RotationChanges {
  const { reason, message } = failure;
  return {
    ...{ current: previous, previous: current, givenUp: { reason, message } },
    lastResult: failed(failure, now),
  };
}

export const REVOKED: RotationChanges = { previous: undefined, revokeOn: undefined, givenUp: undefined };

export function failed({ reason, message, remedy, retryable }: Failure, now: Date): RotationResult {
  const more = { ...(remedy && { remedy }), ...(retryable && { retryable }) };
  return { on: now, outcome: 'failed', reason, message, ...more };
}

function rotated(now: Date): RotationResult {
  return { on: now, outcome: 'rotated', reason: 'rotated', message: 'Coder has the new credential.' };
}
