import * as z from 'zod';
import { credentialKind } from '../../credentials/credential.ts';
import { type RotationSchedule, renewOn } from '../../credentials/renewal.ts';
import type { Registry } from '../../records/registry.ts';
import { isLeaked } from '../../rotation/decide.ts';
import { Time } from './fields.ts';

const STEPS = ['issuing', 'testing', 'delivering', 'waiting-to-revoke'] as const;

/** How far the credential of a registry is. Its value is never here. */
export const RotationView = z.strictObject({
  username: z.string().optional().describe('Whom Coder logs in as.'),
  issuedOn: Time.optional(),
  expiresOn: Time.optional().describe('Absent when the bridge knows of no end.'),
  nextRotationOn: Time.optional(),
  step: z.enum(STEPS).optional().describe('Absent while there is nothing under way.'),
  compromised: z
    .boolean()
    .optional()
    .describe('Whether what Coder holds is to be replaced without a grace period.'),
  revokeOn: Time.optional().describe('When the credential before this one is revoked.'),
  lastResult: z
    .strictObject({
      on: Time,
      outcome: z.enum(['rotated', 'failed']),
      reason: z.string(),
      message: z.string(),
    })
    .optional(),
});

export function rotationView({ credential, rotation }: Registry) {
  const { current } = rotation;
  const { issuer } = credentialKind(credential.kind);
  return {
    username: current?.username,
    issuedOn: current?.issuedOn,
    expiresOn: current?.expiresOn,
    nextRotationOn: current && issuer ? renewOn(credential as RotationSchedule, current) : undefined,
    step: stepOf(credential, rotation),
    compromised: (current && isLeaked(current, rotation)) || undefined,
    revokeOn: rotation.revokeOn,
    lastResult: rotation.lastResult,
  };
}

export function stepOf(
  { kind }: Registry['credential'],
  rotation: Registry['rotation'],
): (typeof STEPS)[number] | undefined {
  const { current, candidate, previous, revokeOn, requestedOn } = rotation;
  if (candidate) return 'testing';
  if (previous) return revokeOn ? 'waiting-to-revoke' : 'delivering';
  if (!credentialKind(kind).issuer) return undefined;
  return !current || (requestedOn && current.issuedOn < requestedOn) ? 'issuing' : undefined;
}
