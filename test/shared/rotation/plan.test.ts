import { expect, test } from 'vitest';
import { createClassicHolder } from '../../../shared/coder/classic/holder.ts';
import type { CredentialState, IssuedCredential } from '../../../shared/credentials/state.ts';
import { createDeliveryHolder } from '../../../shared/delivery/holder.ts';
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

// For a plan they call nothing.
const classic = createClassicHolder({ registries: {} } as never);
const v2 = createDeliveryHolder({} as never);
const contoso = { name: 'contoso', loginServer: 'contoso.azurecr.io', credential: declared };

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
    const plan = planRotation({ ...contoso, rotation }, classic, T1, compromised);

    expect(plan.map(({ step }) => step.split(' ')[0])).toEqual(steps);
    expect(plan.at(-1)).toMatchObject({ slot: revoked });
    expect(plan.find(({ step }) => step === 'issue a new one')?.slot).not.toBe(revoked);
  },
);

test('a plain request waits for the end of the grace period of the password in its slot', () => {
  const rotation = { current: two, earlier: [{ ...one, revokeOn: T2 }] };
  const registry = { ...contoso, rotation };

  expect(waitsUntil(registry)).toEqual(T2);
  const plan = planRotation(registry, classic, T1, false);
  expect(plan[1]).toMatchObject({ on: T2, slot: 'password1' });
  expect(plan.at(-1)).toMatchObject({ on: new Date(T2.getTime() + 3_600_000), slot: 'password2' });
  expect(waitsUntil({ ...registry, credential: { kind: 'entra-identity' } })).toBeUndefined();
});

test.each([
  ['Coder Classic', classic, undefined, 'give it to Coder, and have Coder refresh an image with it', 60],
  [
    'v2 without a delivery',
    v2,
    undefined,
    'have it ready to be read; nothing is delivered to workspaces',
    60,
  ],
  [
    'copies of a secret in Key Vault',
    v2,
    { kind: 'key-vault', secret: 'contoso-pull', refreshMinutes: 45 },
    'write it to the Key Vault secret contoso-pull, which the cluster reads every 45 min',
    90,
  ],
  [
    'a Secret in Kubernetes',
    v2,
    { kind: 'kubernetes', secret: 'contoso-pull', namespaces: ['coder', 'team'] },
    'write it to the Secret contoso-pull in coder, team',
    60,
  ],
  [
    'a job that fetches',
    v2,
    { kind: 'pull', refreshMinutes: 20 },
    'have it ready for the job that fetches it every 20 min',
    60,
  ],
])('with %s the plan says where the new credential goes, and when the older one ends', (...row) => {
  const [, holder, delivery, step, minutes] = row;
  const plan = planRotation({ ...contoso, delivery, rotation: { current: one } }, holder, T1, false);

  const revokeOn = new Date(T1.getTime() + minutes * 60_000);
  expect(plan.slice(-2)).toEqual([
    { step },
    { step: 'revoke the older one', on: revokeOn, slot: 'password1' },
  ]);
  const others = plan.slice(0, -2).map(planned => planned.step);
  expect(others.join()).not.toMatch(/Coder|workspaces/);
});
