import * as z from 'zod';
import { renewOn } from '../../credentials/renewal.ts';
import type { Registry } from '../../records/registry.ts';
import { isLeaked } from '../../rotation/decide.ts';
import { STAGES, stageOf } from '../../rotation/stage.ts';
import { Time } from './fields.ts';

/** How far the credential of a registry is. Its value is never here. */
export const RotationView = z.strictObject({
  username: z.string().optional().describe('Whom Coder logs in as.'),
  issuedOn: Time.optional(),
  expiresOn: Time.optional().describe('Absent when the bridge knows of no end.'),
  nextRotationOn: Time.optional(),
  step: z.enum(STAGES).optional().describe('Absent while there is nothing under way.'),
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

export function rotationView(registry: Registry) {
  const { credential, rotation } = registry;
  const { current } = rotation;
  return {
    username: current?.username,
    issuedOn: current?.issuedOn,
    expiresOn: current?.expiresOn,
    nextRotationOn: renewOn(credential, current),
    step: stageOf(registry),
    compromised: (current && isLeaked(current, rotation)) || undefined,
    revokeOn: rotation.revokeOn,
    lastResult: rotation.lastResult,
  };
}
