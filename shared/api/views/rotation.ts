import * as z from 'zod';
import { credentialKind } from '../../credentials/kinds/all.ts';
import { endsSoon, renewOn } from '../../credentials/renewal.ts';
import {
  type CredentialState,
  credentialsOf,
  type KnownCredential,
  REASONS_TO_ISSUE,
  type RotationResult,
} from '../../credentials/state.ts';
import type { Registry } from '../../records/registry.ts';
import { isLeaked } from '../../rotation/facts.ts';
import { STAGES, stageOf } from '../../rotation/stage.ts';
import { Time } from './fields.ts';

/** The state of a registry's credential, without any secret. */
export const RotationView = z.strictObject({
  username: z.string().optional().describe('User name of Coder at the registry.'),
  issuedOn: Time.optional(),
  expiresOn: Time.optional().describe(
    'When it expires; absent when it does not, or the bridge does not know.',
  ),
  endsSoon: z
    .boolean()
    .optional()
    .describe('The credential expires, and the bridge should have renewed it, or a person must.'),
  nextRotationOn: Time.optional(),
  why: z.enum(REASONS_TO_ISSUE).optional().describe('Why the last rotation started, or the one under way.'),
  startedOn: Time.optional().describe('When it started.'),
  step: z.enum(STAGES).optional().describe('Stage of the rotation under way; absent when there is none.'),
  attempts: z.int().optional().describe('Number of runs that tried this step, and did not end it.'),
  compromised: z
    .boolean()
    .optional()
    .describe('A credential that was reported as compromised still works; absent once none does.'),
  revokeOn: Time.optional().describe('When the bridge revokes the previous credential.'),
  refusedSince: Time.optional().describe('Since when the registry has refused the current credential.'),
  previous: z
    .strictObject({
      slot: z.string().optional(),
      issuedOn: Time,
      compromised: z.boolean().optional().describe('Whether it was reported as compromised.'),
      revokeOn: Time.optional().describe(
        'When the bridge revokes it; absent until the new one is delivered.',
      ),
      revokedOn: Time.optional().describe('When the bridge revoked it.'),
      endsOn: Time.optional().describe('Nothing can revoke it: it works until then.'),
    })
    .optional()
    .describe('The credential before the current one.'),
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

/** @param now decides whether a token that cannot be revoked has ended */
export function rotationView(registry: Registry, now = new Date()) {
  const { credential, rotation } = registry;
  const { current, lastResult } = rotation;
  return {
    username: current?.username,
    issuedOn: current?.issuedOn,
    expiresOn: current?.expiresOn,
    endsSoon: (current && endsSoon(current, now)) || undefined,
    nextRotationOn: renewOn(credential, current),
    why: rotation.why,
    startedOn: rotation.startedOn,
    step: stageOf(registry),
    attempts: rotation.attempts,
    compromised: isCompromised(rotation, now) || undefined,
    revokeOn: rotation.earlier?.[0]?.revokeOn,
    refusedSince: rotation.refusedSince,
    previous: previousView(rotation),
    lastResult: lastResult && withoutFlags(lastResult),
  };
}

/** Whether one that leaked still works. */
function isCompromised(rotation: CredentialState, now: Date): boolean {
  const { revoked } = rotation;
  const endsLater = revoked && endOf(revoked);
  const alive = [...credentialsOf(rotation), ...(endsLater && endsLater > now ? [revoked] : [])];
  return alive.some(credential => isLeaked(credential, rotation));
}

/** The newest credential before the current one, revoked or not. */
function previousView(rotation: CredentialState) {
  const { earlier: [previous] = [], revoked } = rotation;
  const shown = previous ?? revoked;
  if (!shown) return undefined;
  const endsOn = endOf(shown);
  return {
    slot: shown.slot,
    issuedOn: shown.issuedOn,
    compromised: isLeaked(shown, rotation) || undefined,
    revokeOn: endsOn ? undefined : previous?.revokeOn,
    revokedOn: endsOn || previous ? undefined : revoked?.revokedOn,
    endsOn,
  };
}

/** When it expires, where nothing can revoke it. */
function endOf({ declared, expiresOn }: KnownCredential): Date | undefined {
  return credentialKind(declared.kind).issuer?.lastsUntilItsEnd ? expiresOn : undefined;
}

function withoutFlags({ retryable: _, ...shown }: RotationResult) {
  return shown;
}
