import { describe, expect, test } from 'vitest';
import {
  CredentialInput,
  credentialKind,
  declaredOf,
  givesLogin,
} from '../../../../shared/credentials/kinds/all.ts';

const NAMES = CredentialInput.options.map(({ shape }) => shape.kind.value);
const REGISTRY = { name: 'contoso', loginServer: 'contoso.azurecr.io' };

describe.each(NAMES)('the kind %s', name => {
  const { issuer, supplied, whyNothingToRotate } = credentialKind(name);

  test('is issued by the bridge or says why there is nothing to rotate', () => {
    expect(issuer ? 'issued' : whyNothingToRotate?.(REGISTRY)).toMatch(/^issued$|contoso/);
  });

  test('has one source of its logins at most', () => {
    expect([issuer, supplied].filter(Boolean).length).toBe(givesLogin({ kind: name }) ? 1 : 0);
  });
});

test('only managed-identity gives Coder no login', () => {
  expect(NAMES.filter(kind => !givesLogin({ kind }))).toEqual(['managed-identity']);
});

test('a record keeps all that a person declared but the password', () => {
  const declared = { kind: 'static', username: 'me', expiresOn: '2027-01-01T00:00:00Z' } as const;

  expect(declaredOf({ ...declared, password: 'secret' })).toEqual(declared);
  expect(declaredOf({ kind: 'managed-identity' })).toEqual({ kind: 'managed-identity' });
});

test('an unknown kind is refused with the names of those that exist', () => {
  const { error } = CredentialInput.safeParse({ kind: 'password' });

  expect(error?.issues[0]?.message).toBe(`must be one of ${NAMES.join(', ')}`);
});
