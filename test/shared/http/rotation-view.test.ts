import { expect, test } from 'vitest';
import type { CredentialState, IssuedCredential } from '../../../shared/credentials/state.ts';
import { rotationView } from '../../../shared/http/rotation-view.ts';
import type { Registry } from '../../../shared/records/registry.ts';

const declared = {
  kind: 'token',
  tokenName: 'coder-acr-bridge',
  rotateEveryHours: 720,
  graceMinutes: 60,
} as const;
const T0 = new Date('2026-11-25T08:00:00Z');
const T1 = new Date('2026-11-25T09:00:00Z');
const one: IssuedCredential = {
  ...{ declared, slot: 'password1', username: 'coder-acr-bridge', secretVersion: 'one', issuedOn: T0 },
};
const registry = (rotation: CredentialState) =>
  ({ name: 'contoso', credential: declared, rotation }) as unknown as Registry;

test('a credential shows as compromised until it is replaced', () => {
  expect(rotationView(registry({ current: one, compromisedOn: T1 }))).toMatchObject({ compromised: true });
  expect(rotationView(registry({ current: { ...one, issuedOn: T1 }, compromisedOn: T0 }))).not.toHaveProperty(
    'compromised',
  );
});
