import { expect, test } from 'vitest';
import type { Issue, Rotation } from '../../../../shared/credentials/state.ts';
import { rotationView } from '../../../../shared/http/views/rotation.ts';
import { rotationPlanView } from '../../../../shared/http/views/rotation-plan.ts';
import type { Registry } from '../../../../shared/records/registry.ts';

const declared = {
  kind: 'token',
  tokenName: 'coder-acr-bridge',
  rotateEveryHours: 720,
  graceMinutes: 60,
} as const;
const T0 = new Date('2026-11-25T08:00:00Z');
const T1 = new Date('2026-11-25T09:00:00Z');
const issue = (slot: string): IssuedCredential => ({
  ...{ declared, slot, username: 'coder-acr-bridge', secretVersion: slot, issuedOn: T0 },
});
const [one, two] = [issue('password1'), issue('password2')];
const registry = (rotation: CredentialState) =>
  ({ name: 'contoso', credential: declared, rotation }) as unknown as Registry;

test.each<[string, CredentialState, boolean, string[], string]>([
  ['nothing', { current: one }, false, ['prove', 'issue', 'save', 'test', 'give', 'revoke'], 'password1'],
  ['a test of the new one', { current: one, candidate: two }, false, ['test', 'give', 'revoke'], 'password1'],
  ['the delivery', { current: two, previous: one }, false, ['give', 'revoke'], 'password1'],
  [
    'the grace period',
    { current: two, previous: one, revokeOn: T1 },
    false,
    ['prove', 'revoke', 'issue', 'save', 'test', 'give', 'revoke'],
    'password2',
  ],
  [
    'a test of one that may be known',
    { current: one, candidate: two },
    true,
    ['prove', 'discard', 'issue', 'save', 'test', 'give', 'revoke'],
    'password1',
  ],
])('while %s is under way a rotation would do the rest of it', (_, rotation, compromised, steps, revoked) => {
  const plan = rotationPlanView(registry(rotation), T1, compromised);

  expect(plan.steps.map(({ step }) => step.split(' ')[0])).toEqual(steps);
  expect(plan.steps.at(-1)).toMatchObject({ slot: revoked });
});

test('what is to be replaced without a grace period shows until it is', () => {
  const later = { ...one, issuedOn: T1 };

  expect(rotationView(registry({ current: one, compromisedOn: T1 })).compromised).toBe(true);
  expect(rotationView(registry({ current: later, compromisedOn: T0 })).compromised).toBeUndefined();
});
