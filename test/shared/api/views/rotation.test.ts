import { expect, test } from 'vitest';
import { rotationView } from '../../../../shared/api/views/rotation.ts';
import type { CredentialState, IssuedCredential } from '../../../../shared/credentials/state.ts';
import type { Registry } from '../../../../shared/records/registry.ts';

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
  const later = { ...one, issuedOn: T1 };
  expect(rotationView(registry({ current: later, compromisedOn: T0 })).compromised).toBeUndefined();
});
