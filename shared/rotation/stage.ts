import { credentialKind } from '../credentials/kinds/all.ts';
import type { CredentialRecord } from '../credentials/state.ts';

export const STAGES = ['issuing', 'testing', 'delivering', 'waiting-to-revoke'] as const;

/** The stage of a rotation. */
export type Stage = (typeof STAGES)[number];

/** undefined while no rotation is under way. */
export function stageOf({ credential, rotation }: CredentialRecord): Stage | undefined {
  const { current, candidate, previous, revokeOn, requestedOn } = rotation;
  if (candidate) return 'testing';
  if (previous) return revokeOn ? 'waiting-to-revoke' : 'delivering';
  if (!credentialKind(credential.kind).issuer) return undefined;
  return !current || (requestedOn && current.issuedOn < requestedOn) ? 'issuing' : undefined;
}
