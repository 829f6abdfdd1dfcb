import { ManagedIdentityCredential } from '@azure/identity';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import { type EntraStandIn, startEntra } from '../../../../infra/local/stand-ins/entra.ts';

const identity = { name: 'node', clientId: crypto.randomUUID(), objectId: crypto.randomUUID() };
let entra: EntraStandIn;

beforeAll(async () => {
  entra = await startEntra({
    secrets: createSecrets(),
    now: () => new Date(),
    tenantId: crypto.randomUUID(),
    identities: [identity],
    identityHeader: 'not used by IMDS',
  });
  // Moves the credential from 169.254.169.254, where IMDS is on real machines.
  process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST = entra.url;
});
afterAll(() => entra.close());

test('IMDS gives a token to an identity of the machine', async () => {
  const credential = new ManagedIdentityCredential({ clientId: identity.clientId });
  const { token } = await credential.getToken('https://containerregistry.azure.net/.default');

  expect(await entra.verify(token)).toMatchObject({
    aud: 'https://containerregistry.azure.net',
    oid: identity.objectId,
  });
  expect(entra.requests.all()[0]?.path).toMatch('/metadata/identity/oauth2/token/?api-version=2018-02-01');
});

test('IMDS does not find other identities', async () => {
  const credential = new ManagedIdentityCredential({ clientId: crypto.randomUUID() });

  await expect(credential.getToken('https://vault.azure.net/.default')).rejects.toThrow('Identity not found');
});

test('IMDS refuses requests that may have been forwarded: those without the header Metadata', async () => {
  const url = `${entra.url}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net`;

  expect((await fetch(url)).status).toBe(400);
  expect((await fetch(url, { headers: { metadata: 'true' } })).status).toBe(200);
});
