import { credentialKind } from '../credentials/kinds/all.ts';
import { type CredentialRecord, unconfirmed } from '../credentials/state.ts';
import { isLeaked } from './facts.ts';

export const STAGES = ['issuing', 'testing', 'delivering', 'waiting-to-revoke'] as const;

/** The stage of a rotation. */
export type Stage = (typeof STAGES)[number];

/** undefined while no rotation is under way. */
export function stageOf({ credential, rotation }: CredentialRecord): Stage | undefined {
  const { current, candidate, earlier = [], requestedOn } = rotation;
  if (candidate) return 'testing';
  if (current && unconfirmed(rotation).length > 0) return 'delivering';
  const issues = credentialKind(credential.kind).issuer !== undefined;
  const isAsked = current && requestedOn && current.issuedOn < requestedOn;
  if (issues && (!current || (isAsked && earlier.length === 0) || isLeaked(current, rotation)))
    return 'issuing';
  return earlier.length > 0 ? 'waiting-to-revoke' : undefined;
}
