import { ManagedIdentityCredential } from '@azure/identity';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import { type EntraStandIn, startEntra } from '../../../../infra/local/stand-ins/entra.ts';

const HEADER = 'header-of-this-test';
const TENANT_ID = crypto.randomUUID();
const first = { name: 'first', clientId: crypto.randomUUID(), objectId: crypto.randomUUID() };
const second = { name: 'second', clientId: crypto.randomUUID(), objectId: crypto.randomUUID() };
const secrets = createSecrets();
let now = new Date();
let entra: EntraStandIn;

beforeAll(async () => {
  entra = await startEntra({
    secrets,
    now: () => now,
    tenantId: TENANT_ID,
    identities: [first, second],
    identityHeader: HEADER,
  });
  process.env.IDENTITY_ENDPOINT = entra.identityEndpoint;
  process.env.IDENTITY_HEADER = HEADER;
});
afterAll(() => entra.close());

test('a managed identity gets a day-long token for the resource that it asks for', async () => {
  const credential = new ManagedIdentityCredential({ clientId: second.clientId });
  const { token } = await credential.getToken('https://vault.azure.net/.default');

  const claims = await entra.verify(token);
  expect(claims).toMatchObject({
    aud: 'https://vault.azure.net',
    iss: `https://sts.windows.net/${TENANT_ID}/`,
    tid: TENANT_ID,
    oid: second.objectId,
    appid: second.clientId,
  });
  expect(Number(claims?.exp) - Number(claims?.iat)).toBe(24 * 3600);
});

test('tokens live as long as was said', async () => {
  entra.giveTokensFor(280);
  const { token } = await new ManagedIdentityCredential().getToken('https://graph.microsoft.com/.default');
  entra.giveTokensFor();

  const claims = await entra.verify(token);
  expect(Number(claims?.exp) - Number(claims?.iat)).toBe(280);
});

test('a request that names no identity gets the first', async () => {
  const { token } = await new ManagedIdentityCredential().getToken('https://management.azure.com/.default');

  expect(await entra.verify(token)).toMatchObject({ oid: first.objectId });
});

test('an identity that is not assigned gets no token', async () => {
  const credential = new ManagedIdentityCredential({ clientId: crypto.randomUUID() });

  await expect(credential.getToken('https://vault.azure.net/.default')).rejects.toThrow(
    'No User Assigned or Delegated Managed Identity found',
  );
});

test.each([
  ['without the header', {}, 'api-version=2019-08-01&resource=https://vault.azure.net', 401],
  ['with a wrong header', { 'x-identity-header': 'wrong' }, 'api-version=2019-08-01&resource=r', 401],
  ['of another version', { 'x-identity-header': HEADER }, 'api-version=2017-09-01&resource=r', 400],
  ['without a resource', { 'x-identity-header': HEADER }, 'api-version=2019-08-01', 400],
])('a request %s is refused', async (_, headers, query, status) => {
  const response = await fetch(`${entra.identityEndpoint}?${query}`, { headers });

  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ statusCode: status });
});

test('a token is known as a secret, and no longer verifies once it has ended', async () => {
  const token = await entra.tokenFor(first.clientId, 'https://storage.azure.com/.default');
  expect(await entra.verify(token)).toMatchObject({ aud: 'https://storage.azure.com' });
  expect(secrets.all()).toContain(token);

  now = new Date(now.getTime() + 25 * 3_600_000);
  expect(await entra.verify(token)).toBeUndefined();
});

test('a token of another Entra does not verify', async () => {
  const other = await startEntra({
    secrets,
    now: () => now,
    tenantId: TENANT_ID,
    identities: [first],
    identityHeader: HEADER,
  });
  const token = await other.tokenFor(first.clientId, 'https://vault.azure.net');
  await other.close();

  expect(await entra.verify(token)).toBeUndefined();
  await expect(other.tokenFor(second.clientId, 'https://vault.azure.net')).rejects.toThrow(second.clientId);
});
