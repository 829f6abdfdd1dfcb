import { join } from 'node:path';
import { SecretClient } from '@azure/keyvault-secrets';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import type { EntraStandIn } from '../../../../infra/local/stand-ins/entra.ts';
import { type KeyVaultStandIn, startKeyVault } from '../../../../infra/local/stand-ins/key-vault.ts';
import { ensureTls } from '../../../../infra/local/tls.ts';
import { identities, type TestIdentity } from './identities.ts';

const secrets = createSecrets();
let tenantId: string;
let entra: EntraStandIn;
let app: TestIdentity;
let stranger: TestIdentity;
let vault: KeyVaultStandIn;

beforeAll(async () => {
  ({ tenantId, entra, app, stranger } = await identities());
});
beforeEach(async () => {
  vault = await start({ readers: [app.objectId], writers: [app.objectId] });
});
afterEach(() => vault.close());

async function start(roles: { readers: string[]; writers: string[] }): Promise<KeyVaultStandIn> {
  return startKeyVault({
    secrets,
    now: () => new Date('2026-01-02T03:04:05Z'),
    tls: await ensureTls(join(import.meta.dirname, '../../../../.local/tls')),
    tenantId,
    verifyEntraToken: entra.verify,
    ...roles,
  });
}

function client(identity = app, url = vault.url): SecretClient {
  return new SecretClient(url, identity.credential, { disableChallengeResourceVerification: true });
}

/** A request of our own making, for what the official client never sends. */
async function send(method: string, path: string, body?: unknown, resource = 'https://vault.azure.net') {
  return fetch(vault.url + path, {
    method,
    headers: {
      authorization: `Bearer ${await entra.tokenFor(app.clientId, resource)}`,
      'content-type': 'application/json',
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

test('every version of a secret can be read, with its properties', async () => {
  const properties = {
    contentType: 'text/plain',
    tags: { kind: 'token' },
    expiresOn: new Date('2027-01-01T00:00:00Z'),
  };
  const old = await client().setSecret('pull-secret', 'one', properties);
  await client().setSecret('Pull-Secret', 'two');

  const read = (version?: string) =>
    client().getSecret('pull-secret', version === undefined ? {} : { version });
  expect(await read()).toMatchObject({ name: 'pull-secret', value: 'two' });
  expect(await read(old.properties.version)).toMatchObject({
    value: 'one',
    properties: {
      ...properties,
      enabled: true,
      createdOn: new Date('2026-01-02T03:04:05Z'),
      vaultUrl: vault.url,
    },
  });
  expect(vault.values()).toEqual({ 'pull-secret': 'two' });
});

test('a client is challenged on its first call only, and sends the value only after that', async () => {
  const challenged = client();
  await challenged.setSecret('a', '1');
  await challenged.getSecret('a');

  expect(
    vault.requests.all().map(({ method, status, authorization }) => [method, status, authorization]),
  ).toEqual([
    ['PUT', 401, undefined],
    ['PUT', 200, 'Bearer'],
    ['GET', 200, 'Bearer'],
  ]);
  expect(vault.requests.all()[0]?.body).toBeUndefined();
});

test('values are known as secrets and never logged, even when they hold quotes', async () => {
  const value = JSON.stringify({ username: 'u', password: 'hunter2' });
  await client().setSecret('json', value);

  expect(secrets.all()).toContain(value);
  expect(JSON.stringify(vault.requests.all())).not.toContain('hunter2');
});

test('an update changes what it names and nothing else', async () => {
  const { properties } = await client().setSecret('a', '1', {
    contentType: 'text/plain',
    tags: { old: 'yes' },
  });
  await client().updateSecretProperties('a', properties.version ?? '', { tags: { new: 'yes' } });
  expect(await client().getSecret('a')).toMatchObject({
    value: '1',
    properties: { version: properties.version, contentType: 'text/plain', tags: { new: 'yes' } },
  });

  await client().updateSecretProperties('a', properties.version ?? '', { enabled: false });
  await expect(client().getSecret('a')).rejects.toMatchObject({ statusCode: 403, code: 'Forbidden' });
});

test('a list has all secrets, page by page, without their values', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `secret-${i}`);
  await Promise.all(names.map(name => client().setSecret(name, 'hidden')));

  const listed: string[] = [];
  for await (const { name } of client().listPropertiesOfSecrets()) listed.push(name);
  expect(listed.toSorted()).toEqual(names.toSorted());
  const firstPage = await send('GET', '/secrets?api-version=2025-07-01');
  expect(await firstPage.text()).not.toContain('hidden');
});

test('a deleted secret keeps its name, and its versions come back when it is recovered', async () => {
  await client().setSecret('a', '1');
  // As on Azure, where deletion and recovery take a moment, the client has to ask again.
  vault.faults.add({ method: 'GET', path: '^/deletedsecrets/a', status: 404, body: {}, times: 1 });
  const deletion = await client().beginDeleteSecret('a', { intervalInMs: 1 });
  expect(deletion.isDone()).toBe(false);
  expect(await deletion.pollUntilDone()).toMatchObject({
    name: 'a',
    recoveryId: `${vault.url}/deletedsecrets/a`,
  });

  expect(vault.values()).toEqual({});
  await expect(client().getSecret('a')).rejects.toMatchObject({ statusCode: 404, code: 'SecretNotFound' });
  await expect(client().setSecret('a', '2')).rejects.toMatchObject({
    statusCode: 409,
    code: 'Conflict',
    details: { error: { innerError: { code: 'ObjectIsDeletedButRecoverable' } } },
  });

  const recovery = await client().beginRecoverDeletedSecret('a', { intervalInMs: 1 });
  await recovery.pollUntilDone();
  expect(await client().getSecret('a')).toMatchObject({ value: '1' });
});

test('a purged secret is gone and its name is free', async () => {
  await client().setSecret('a', '1');
  await (await client().beginDeleteSecret('a')).pollUntilDone();
  await client().purgeDeletedSecret('a');

  await expect(client().getDeletedSecret('a')).rejects.toMatchObject({ statusCode: 404 });
  await client().setSecret('a', '2');
  expect(vault.values()).toEqual({ a: '2' });
});

type Act = (client: SecretClient) => Promise<unknown>;
const READ: Act = client => client.getSecret('there');
const WRITE: Act = client => client.setSecret('new', '1');
const DELETE: Act = client => client.beginDeleteSecret('there');
test.each([
  ['a reader', 'read', { reader: true, writer: false }, READ, true],
  ['a reader', 'write', { reader: true, writer: false }, WRITE, false],
  ['a reader', 'delete', { reader: true, writer: false }, DELETE, false],
  ['a writer', 'read', { reader: false, writer: true }, READ, false],
  ['a writer', 'write', { reader: false, writer: true }, WRITE, true],
])('%s asks to %s', async (_, __, { reader, writer }, act, allowed) => {
  await vault.close();
  vault = await start({
    readers: reader ? [stranger.objectId] : [],
    writers: [app.objectId, ...(writer ? [stranger.objectId] : [])],
  });
  await client().setSecret('there', '1');

  const outcome = act(client(stranger));
  if (allowed) return void (await outcome);
  await expect(outcome).rejects.toMatchObject({
    statusCode: 403,
    code: 'Forbidden',
    details: { error: { innerError: { code: 'ForbiddenByRbac' } } },
  });
});

test.each([
  ['a value of 25 KB', '/secrets/a?api-version=7.5', 'x'.repeat(25 * 1024), 200],
  ['a longer value', '/secrets/a?api-version=7.5', 'x'.repeat(25 * 1024 + 1), 400],
  ['a name with an underscore', '/secrets/a_b?api-version=7.5', '1', 400],
  ['a name of 128 characters', `/secrets/${'a'.repeat(128)}?api-version=7.5`, '1', 400],
  ['an encoded parameter name', '/secrets/a?api%2Dversion=7.5', '1', 200],
  ['no api-version', '/secrets/a', '1', 400],
  ['no value', '/secrets/a?api-version=7.5', undefined, 400],
])('%s is answered as by Key Vault', async (_, path, value, status) => {
  const response = await send('PUT', path, { value });

  expect(response.status).toBe(status);
  if (status === 400) expect(await response.json()).toMatchObject({ error: { code: 'BadParameter' } });
});

test.each(['https://management.azure.com', 'https://vault.azure.net/'])(
  'a token for %s is refused, and the challenge says what to ask for',
  async resource => {
    const response = await send('GET', '/secrets/a?api-version=7.5', undefined, resource);

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer authorization="https://login.microsoftonline.com/${tenantId}", resource="https://vault.azure.net"`,
    );
  },
);

test('all versions are listed over several pages, without their values, and one that is off cannot be read', async () => {
  const written: string[] = [];
  for (let i = 0; i < 30; i += 1) {
    const { properties } = await client().setSecret('many', `value ${i}`);
    written.push(properties.version ?? '');
  }
  const [first = ''] = written;
  await client().updateSecretProperties('many', first, { enabled: false });

  const listed: { version?: string; enabled?: boolean; value?: string }[] = [];
  for await (const version of client().listPropertiesOfSecretVersions('many')) listed.push(version);

  expect(listed.map(({ version }) => version).sort()).toEqual(written.sort());
  expect(listed.filter(({ enabled }) => enabled === false)).toMatchObject([{ version: first }]);
  expect(listed.filter(entry => 'value' in entry)).toEqual([]);
  await expect(client().getSecret('many', { version: first })).rejects.toMatchObject({
    statusCode: 403,
    details: { error: { innerError: { code: 'SecretDisabled' } } },
  });
  expect(vault.readable('many')).toHaveLength(29);
});
