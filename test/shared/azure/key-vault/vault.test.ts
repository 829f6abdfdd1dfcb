import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createVault, type Vault } from '../../../../shared/azure/key-vault/vault.ts';
import { type Bridge, startBridge } from '../../../support/bridge.ts';

let bridge: Bridge;
let vault: Vault;
let waits: number;

beforeAll(async () => {
  bridge = await startBridge();
});
afterAll(() => bridge.close());
beforeEach(() => {
  waits = 0;
  const wait = async () => {
    waits += 1;
  };
  vault = createVault(keyVault().url, bridge.services.credential, { verifyChallenge: false, wait });
});
afterEach(() => bridge.clearFaults());

const keyVault = () => bridge.cloud.standIns.keyVault;
// As in azure-sdk-for-net#34322.
const beingDeleted = (times?: number) => ({
  status: 409,
  body: {
    error: {
      code: 'Conflict',
      message: 'Secret x is currently being deleted.',
      innererror: { code: 'ObjectIsBeingDeleted' },
    },
  },
  ...(times && { times }),
});

describe('a secret that is still being deleted', () => {
  test('is waited for, and then stored', async () => {
    keyVault().faults.add({ method: 'PUT', ...beingDeleted(4) });

    const version = await vault.write('slow', 'new value');

    expect(await vault.read('slow', version)).toBe('new value');
    expect(waits).toBe(3);
  });

  test('is an outage when that takes too long', async () => {
    keyVault().faults.add({ method: 'PUT', ...beingDeleted() });

    await expect(vault.write('slower', 'new value')).rejects.toMatchObject({
      ...{ reason: 'secrets-unavailable', retryable: true },
      message: expect.stringContaining('still being deleted'),
    });
    expect(waits).toBe(18);
  });

  test('need not be removed again', async () => {
    keyVault().faults.add({ method: 'DELETE', ...beingDeleted() });

    await expect(vault.remove('slow')).resolves.toBeUndefined();
  });
});

test('the name of a secret that was deleted is taken up again', async () => {
  await vault.write('known', 'old value');
  await vault.remove('known');

  const version = await vault.write('known', 'new value');

  expect(await vault.read('known', version)).toBe('new value');
});

test('a policy that refuses a secret is told from a missing role, with what the policy says', async () => {
  const message = 'disallowed by policy. Policy: Key Vault secrets should have an expiration date.';
  keyVault().faults.add({ method: 'PUT', status: 403, body: { error: { code: 'Forbidden', message } } });

  await expect(vault.write('endless', 'value')).rejects.toMatchObject({
    ...{ name: 'CredentialError', reason: 'disallowed-by-policy', retryable: false },
    message: expect.stringContaining('should have an expiration date'),
  });
});
