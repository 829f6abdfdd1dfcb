import * as z from 'zod';
import { renewOn } from '../../credentials/renewal.ts';
import type { RotationResult } from '../../credentials/state.ts';
import type { Registry } from '../../records/registry.ts';
import { isLeaked } from '../../rotation/decide.ts';
import { STAGES, stageOf } from '../../rotation/stage.ts';
import { Time } from './fields.ts';

/** The state of a registry's credential, without any secret. */
export const RotationView = z.strictObject({
  username: z.string().optional().describe('User name of Coder at the registry.'),
  issuedOn: Time.optional(),
  expiresOn: Time.optional().describe(
    'When it expires; absent when it does not, or the bridge does not know.',
  ),
  nextRotationOn: Time.optional(),
  step: z.enum(STAGES).optional().describe('Stage of the rotation under way; absent when there is none.'),
  compromised: z.boolean().optional().describe('Whether a rotation without a grace period was requested.'),
  revokeOn: Time.optional().describe('When the bridge revokes the previous credential.'),
  lastResult: z
    .strictObject({
      on: Time,
      outcome: z.enum(['rotated', 'failed']),
      reason: z.string(),
      message: z.string(),
      remedy: z.string().optional().describe('What a person must do.'),
    })
    .optional(),
});

export function rotationView(registry: Registry) {
  const { credential, rotation } = registry;
  const { current, lastResult } = rotation;
  return {
    username: current?.username,
    issuedOn: current?.issuedOn,
    expiresOn: current?.expiresOn,
    nextRotationOn: renewOn(credential, current),
    step: stageOf(registry),
    compromised: (current && isLeaked(current, rotation)) || undefined,
    revokeOn: rotation.revokeOn,
    lastResult: lastResult && withoutFlags(lastResult),
  };
}

function withoutFlags({ retryable: _, ...shown }: RotationResult) {
  return shown;
}
