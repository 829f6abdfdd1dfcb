import { expect, test } from 'vitest';
import type { CredentialState, IssuedCredential } from '../../../shared/credentials/state.ts';
import { planRotation } from '../../../shared/rotation/plan.ts';

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

test.each<[string, CredentialState, boolean, string[], string]>([
  ['no rotation', { current: one }, false, ['prove', 'issue', 'save', 'test', 'give', 'revoke'], 'password1'],
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
    'a test of one that may be compromised',
    { current: one, candidate: two },
    true,
    ['prove', 'discard', 'issue', 'save', 'test', 'give', 'revoke'],
    'password1',
  ],
])(
  'during %s a request for a rotation leads to the steps that are left',
  (_, rotation, compromised, steps, revoked) => {
    const plan = planRotation({ name: 'contoso', credential: declared, rotation }, T1, compromised, 0);

    expect(plan.map(({ step }) => step.split(' ')[0])).toEqual(steps);
    expect(plan.at(-1)).toMatchObject({ slot: revoked });
  },
);
