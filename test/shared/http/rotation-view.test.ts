import { expect, test } from 'vitest';
import type { CredentialState, IssuedCredential } from '../../../shared/credentials/state.ts';
import { rotationPlanView, rotationView } from '../../../shared/http/rotation-view.ts';
import type { Registry } from '../../../shared/records/registry.ts';

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
  expect(rotationView(registry({ current: one, compromisedOn: T1 }))).toMatchObject({ compromised: true });
  expect(rotationView(registry({ current: { ...one, issuedOn: T1 }, compromisedOn: T0 }))).not.toHaveProperty(
    'compromised',
  );
});
