import { expect, test } from 'vitest';
import type { CredentialState, IssuedCredential } from '../../../shared/credentials/state.ts';
import { planRotation, waitsUntil } from '../../../shared/rotation/plan.ts';

const declared = {
  kind: 'token',
  tokenName: 'coder-acr-bridge',
  rotateEveryHours: 720,
  graceMinutes: 60,
} as const;
const T0 = new Date('2026-11-25T08:00:00Z');
const T1 = new Date('2026-11-25T09:00:00Z');
const T2 = new Date('2026-11-25T10:00:00Z');
const issue = (slot: string): IssuedCredential => ({
  ...{ declared, slot, username: 'coder-acr-bridge', secretVersion: slot, issuedOn: T0 },
});
const [one, two] = [issue('password1'), issue('password2')];

const STEPS = ['issue', 'save', 'test', 'give', 'revoke'];

test.each<[string, CredentialState, boolean, string[], string]>([
  ['no rotation', { current: one }, false, ['prove', ...STEPS], 'password1'],
  [
    'a test of the new one',
    { current: one, candidate: two },
    false,
    ['prove', 'end', 'end', 'end', 'wait', ...STEPS],
    'password2',
  ],
  [
    'the delivery',
    { current: two, earlier: [one] },
    false,
    ['prove', 'end', 'end', 'wait', ...STEPS],
    'password2',
  ],
  [
    'the grace period',
    { current: two, earlier: [{ ...one, revokeOn: T2 }] },
    false,
    ['prove', 'wait', ...STEPS],
    'password2',
  ],
  [
    'the grace period of one that may be compromised',
    { current: two, earlier: [{ ...one, revokeOn: T2 }] },
    true,
    ['prove', 'revoke', ...STEPS],
    'password2',
  ],
  [
    'a test of one that may be compromised',
    { current: one, candidate: two },
    true,
    ['prove', 'discard', ...STEPS],
    'password1',
  ],
])(
  'during %s a request for a rotation leads to the steps that are left',
  (_, rotation, compromised, steps, revoked) => {
    const plan = planRotation({ name: 'contoso', credential: declared, rotation }, T1, compromised, 0);

    expect(plan.map(({ step }) => step.split(' ')[0])).toEqual(steps);
    expect(plan.at(-1)).toMatchObject({ slot: revoked });
    expect(plan.find(({ step }) => step === 'issue a new one')?.slot).not.toBe(revoked);
  },
);

test('a plain request waits for the end of the grace period of the password in its slot', () => {
  const rotation = { current: two, earlier: [{ ...one, revokeOn: T2 }] };
  const registry = { name: 'contoso', credential: declared, rotation };

  expect(waitsUntil(registry)).toEqual(T2);
  const plan = planRotation(registry, T1, false, 0);
  expect(plan[1]).toMatchObject({ on: T2, slot: 'password1' });
  expect(plan.at(-1)).toMatchObject({ on: new Date(T2.getTime() + 3_600_000), slot: 'password2' });
  expect(waitsUntil({ ...registry, credential: { kind: 'entra-identity' } })).toBeUndefined();
});
