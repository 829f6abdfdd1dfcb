import type { GenerateCredentialsResult } from '@azure/arm-containerregistry';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RegistryAccounts } from '../../../../infra/local/stand-ins/arm/accounts.ts';
import { ACTIONS } from '../../../../infra/local/stand-ins/arm/actions.ts';
import { AS_USUAL } from '../../../../infra/local/stand-ins/arm/behaviour.ts';
import { type CredentialCloud, startCredentialCloud } from './credential-cloud.ts';

let cloud: CredentialCloud;
let accounts: RegistryAccounts;

beforeAll(async () => {
  cloud = await startCredentialCloud();
  accounts = cloud.standIns.arm.accounts(cloud.registry.resourceId);
  const { allowed } = cloud.standIns.arm;
  for (const caller of Object.keys(allowed)) allowed[caller] = Object.values(ACTIONS);
});
afterAll(() => cloud.close());
beforeEach(() => void Object.assign(cloud.standIns.arm.behaviour, AS_USUAL));

/** Polls as often as it can, so that only the stand-in's clock says when it is done. */
const AT_ONCE = { updateIntervalInMs: 1 };

function generate(
  { id: tokenId }: { id: string },
  more: { name?: string; expiry?: Date } = {},
): PromiseLike<GenerateCredentialsResult> {
  return cloud.client.registries.generateCredentials(...cloud.at, { tokenId, ...more }, AT_ONCE);
}

/** The value of a password that was just generated. */
function secretOf({ passwords = [] }: GenerateCredentialsResult, name = 'password1'): string {
  return passwords.find(password => password.name === name)?.value ?? '';
}

describe('a token', () => {
  test('is being created, without passwords, until its time has come', async () => {
    cloud.standIns.arm.behaviour.operationMs = 60_000;
    const scopeMapId = `${cloud.registry.resourceId}/scopeMaps/_repositories_pull`;
    const poller = cloud.client.tokens.create(...cloud.at, 'slowly', { scopeMapId }, AT_ONCE);
    await poller.submitted();
    const token = await cloud.client.tokens.get(...cloud.at, 'slowly');

    expect(token).toMatchObject({ provisioningState: 'Creating', status: 'enabled', scopeMapId });
    expect(token.credentials?.passwords ?? []).toEqual([]);
    await expect(generate({ id: token.id ?? '' })).rejects.toMatchObject({
      statusCode: 409,
      code: 'TokenNotActive',
    });
    cloud.clock.advance(61_000);
    expect(await poller).toMatchObject({ name: 'slowly', provisioningState: 'Succeeded' });
    expect(secretOf(await generate({ id: token.id ?? '' }))).not.toBe('');
  });

  test('is polled at an address that the answer names', async () => {
    const headers: (string | undefined)[] = [];
    const scopeMapId = `${cloud.registry.resourceId}/scopeMaps/_repositories_pull`;
    await cloud.client.tokens.create(
      ...cloud.at,
      'polled',
      { scopeMapId },
      {
        onResponse: ({ headers: all }) =>
          void headers.push(all.get('azure-asyncoperation'), all.get('retry-after')),
      },
    );

    expect(headers.slice(0, 2)).toEqual([
      expect.stringMatching(
        /\/tokens\/polled\/operationStatuses\/token-[0-9a-f-]{36}\?api-version=.+&t=\d+$/,
      ),
      '0',
    ]);
  });

  test.each([
    ['a name that is too short', 'four', '_repositories_pull'],
    ['a name with a dot', 'coder.pull', '_repositories_pull'],
    ['a scope map that does not exist', 'coder-pull', 'no-such-map'],
  ])('is not made with %s', async (_, name, map) => {
    const scopeMapId = `${cloud.registry.resourceId}/scopeMaps/${map}`;
    await expect(cloud.client.tokens.create(...cloud.at, name, { scopeMapId })).rejects.toMatchObject({
      statusCode: 400,
    });
  });

  test('is disabled, enabled and deleted, by the bridge or by a person', async () => {
    const token = await cloud.newToken();
    const value = secretOf(await generate(token));
    const status = async () => (await cloud.login(token.name, value)).status;

    expect(await status()).toBe(200);
    await cloud.client.tokens.update(...cloud.at, token.name, { status: 'disabled' });
    expect(await status()).toBe(401);
    accounts.tokens.put(token.name, { status: 'enabled' });
    expect(await status()).toBe(200);
    await cloud.client.tokens.delete(...cloud.at, token.name);
    expect(await status()).toBe(401);
    await expect(cloud.client.tokens.get(...cloud.at, token.name)).rejects.toMatchObject({ statusCode: 404 });
    await expect(generate(token)).rejects.toMatchObject({ statusCode: 404 });
  });

  test('is one too many at the limit of the SKU', async () => {
    const own = await startCredentialCloud();
    own.standIns.arm.changeRegistry(own.registry.resourceId, { sku: 'Basic' });
    const { tokens } = own.standIns.arm.accounts(own.registry.resourceId);
    for (let count = 0; count < 99; count += 1) tokens.put(`filler-${count}`, {});

    await own.newToken();
    await expect(own.newToken()).rejects.toMatchObject({ statusCode: 409 });
    await own.close();
  });
});

describe('generateCredentials', () => {
  test('gives both passwords when none is named; both work at once, though not on /v2', async () => {
    const token = await cloud.newToken();
    const { username, passwords = [] } = await generate(token);

    expect(username).toBe(token.name);
    expect(passwords.map(({ name }) => name)).toEqual(['password1', 'password2']);
    for (const { value = '' } of passwords) {
      expect(await cloud.login(token.name, value)).toMatchObject({ status: 200 });
      expect(cloud.secrets.all()).toContain(value);
      const refused = await cloud.basic(token.name, value);
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('Basic realm="Azure Container Registry"');
    }
  });

  test('shows a value once, and lists the other password without one', async () => {
    const token = await cloud.newToken();
    const first = await generate(token);
    const second = await generate(token, { name: 'password2' });
    const read = await cloud.client.tokens.get(...cloud.at, token.name);

    expect(second.passwords?.map(({ name, value }) => [name, typeof value])).toEqual([
      ['password1', 'undefined'],
      ['password2', 'string'],
    ]);
    expect(secretOf(second, 'password2')).not.toBe(secretOf(first, 'password2'));
    expect(read.credentials?.passwords).toEqual(
      second.passwords?.map(({ name, creationTime }) => ({ name, creationTime })),
    );
    expect(JSON.stringify(await (await fetchToken(token.id)).json())).not.toContain('value');
  });

  test('ends the old value at once; the new one works a minute later, and the other all the time', async () => {
    const token = await cloud.newToken();
    const before = await generate(token);
    const after = await generate(token, { name: 'password2' });
    const status = async (value: string) => (await cloud.login(token.name, value)).status;

    expect(await status(secretOf(before, 'password2'))).toBe(401);
    expect(await status(secretOf(after, 'password2'))).toBe(401);
    expect(await status(secretOf(before, 'password1'))).toBe(200);
    cloud.clock.advance(61_000);
    expect(await status(secretOf(after, 'password2'))).toBe(200);
    expect(await status(secretOf(before, 'password2'))).toBe(401);
  });

  test('fills an empty slot of a token that had a password with one that works a minute later', async () => {
    const token = await cloud.newToken();
    await generate(token, { name: 'password1' });
    const second = secretOf(await generate(token, { name: 'password2' }), 'password2');

    expect((await cloud.login(token.name, second)).status).toBe(401);
    cloud.clock.advance(61_000);
    expect((await cloud.login(token.name, second)).status).toBe(200);
  });

  test('makes passwords that end when it was said', async () => {
    const token = await cloud.newToken();
    const expiry = new Date(cloud.clock.now().getTime() + 3_600_000);
    const generated = await generate(token, { name: 'password1', expiry });
    const status = async () => (await cloud.login(token.name, secretOf(generated))).status;

    expect(generated.passwords?.[0]?.expiry).toEqual(expiry);
    expect(await status()).toBe(200);
    cloud.clock.advance(3_600_000);
    expect(await status()).toBe(401);
  });

  test.each([
    ['an expiry in the past', { expiry: new Date('2020-01-01') }],
    ['a password that does not exist', { name: 'password3' }],
  ])('refuses %s', async (_, more) => {
    await expect(generate(await cloud.newToken(), more)).rejects.toMatchObject({ statusCode: 400 });
  });

  test('can take a while, and then gives the values in the end', async () => {
    const token = await cloud.newToken();
    Object.assign(cloud.standIns.arm.behaviour, { generatesLater: true, operationMs: 60_000 });
    const poller = cloud.client.registries.generateCredentials(...cloud.at, { tokenId: token.id }, AT_ONCE);
    await poller.submitted();
    cloud.clock.advance(61_000);
    const { username, passwords = [] } = await poller;

    expect(username).toBe(token.name);
    expect(await cloud.login(token.name, passwords[0]?.value ?? '')).toMatchObject({ status: 200 });
  });

  test('has changed the password when its answer is lost, and the client asks for another', async () => {
    const { faults, requests } = cloud.standIns.arm;
    const token = await cloud.newToken();
    const before = secretOf(await generate(token));
    requests.clear();
    faults.add({ path: 'generateCredentials', drop: 'after', times: 1 });
    const after = await generate(token, { name: 'password1' });

    expect(requests.all()).toHaveLength(2);
    expect((await cloud.login(token.name, before)).status).toBe(401);
    cloud.clock.advance(61_000);
    expect((await cloud.login(token.name, secretOf(after))).status).toBe(200);
  });
});

describe('a password', () => {
  test('is removed by an update that leaves it out', async () => {
    const token = await cloud.newToken();
    const generated = await generate(token);
    const passwords = [{ name: 'password2' }];
    const updated = await cloud.client.tokens.update(...cloud.at, token.name, { credentials: { passwords } });

    expect(updated.credentials?.passwords?.map(({ name }) => name)).toEqual(['password2']);
    expect((await cloud.login(token.name, secretOf(generated, 'password1'))).status).toBe(401);
    expect((await cloud.login(token.name, secretOf(generated, 'password2'))).status).toBe(200);
  });

  test('keeps its expiry, whatever an update says', async () => {
    const token = await cloud.newToken();
    const expiry = new Date(cloud.clock.now().getTime() + 3_600_000);
    await generate(token, { name: 'password1', expiry });
    const passwords = [{ name: 'password1', expiry: new Date(expiry.getTime() + 3_600_000) }];
    const updated = await cloud.client.tokens.update(...cloud.at, token.name, { credentials: { passwords } });

    expect(updated.credentials?.passwords?.[0]?.expiry).toEqual(expiry);
  });

  test('is removed or replaced by a person', async () => {
    const token = await cloud.newToken();
    const generated = await generate(token);
    accounts.tokens.removePassword(token.name, 'password1');
    accounts.tokens.generate(token.name, ['password2']);

    for (const { value = '' } of generated.passwords ?? []) {
      expect((await cloud.login(token.name, value)).status).toBe(401);
    }
  });
});

describe('a scope map', () => {
  const create = (name: string, actions: string[]) =>
    cloud.client.scopeMaps.create(...cloud.at, name, { description: 'For Coder', actions }, AT_ONCE);

  test('says what a token may do, as soon as it says so', async () => {
    const map = await create('coder-map', [
      'repositories/team/*/content/read',
      'repositories/one/content/read',
    ]);
    const token = await cloud.newToken({ scopeMapId: map.id ?? '' });
    const value = secretOf(await generate(token));
    const asked = ['repository:team/app:pull,push', 'repository:one:pull', 'repository:two:pull'].join(' ');
    const access = async () => (await cloud.login(token.name, value, asked)).access;

    expect(map).toMatchObject({ provisioningState: 'Succeeded', description: 'For Coder' });
    expect(await access()).toEqual([
      { type: 'repository', name: 'team/app', actions: ['pull'] },
      { type: 'repository', name: 'one', actions: ['pull'] },
    ]);
    await cloud.client.scopeMaps.update(...cloud.at, 'coder-map', {
      actions: ['repositories/two/content/read', 'repositories/two/metadata/read'],
    });
    expect(await access()).toEqual([{ type: 'repository', name: 'two', actions: ['pull'] }]);
    expect(await cloud.client.scopeMaps.get(...cloud.at, 'coder-map')).toMatchObject({
      description: 'For Coder',
      actions: ['repositories/two/content/read', 'repositories/two/metadata/read'],
    });
  });

  test.each([
    ['of all repositories lists them', '*', ['*']],
    ['of some does not', 'team/*', undefined],
  ])('%s', async (_, pattern, actions) => {
    const map = await create(`list-${pattern.length}-map`, [`repositories/${pattern}/metadata/read`]);
    const token = await cloud.newToken({ scopeMapId: map.id ?? '' });
    const value = secretOf(await generate(token));
    const { access } = await cloud.login(token.name, value, 'registry:catalog:*');

    expect(access).toEqual(actions ? [{ type: 'registry', name: 'catalog', actions }] : []);
  });

  test.each([
    ['an unknown right', ['repositories/app/content/pull']],
    ['a wildcard within a name', ['repositories/te*/content/read']],
    ['a wildcard before a name', ['repositories/*/app/content/read']],
    ['no actions', []],
    ['too many actions', Array.from({ length: 501 }, (_, at) => `repositories/r${at}/content/read`)],
  ])('is not made with %s', async (_, actions) => {
    await expect(create('refused-map', actions)).rejects.toMatchObject({ statusCode: 400 });
  });

  test('is there from the start for pulling, pushing and all, and cannot be changed', async () => {
    const maps = [];
    for await (const map of cloud.client.scopeMaps.list(...cloud.at)) maps.push(map);

    const system = maps.filter(({ typePropertiesType }) => typePropertiesType === 'SystemDefined');
    expect(system.map(({ name }) => name)).toEqual([
      '_repositories_pull',
      '_repositories_push',
      '_repositories_admin',
    ]);
    await expect(create('_repositories_pull', ['repositories/a/content/read'])).rejects.toMatchObject({
      statusCode: 400,
    });
  });

  test('is deleted after its tokens', async () => {
    const map = await create('used-map', ['repositories/app/content/read']);
    const token = await cloud.newToken({ scopeMapId: map.id ?? '' });
    const remove = () => cloud.client.scopeMaps.delete(...cloud.at, 'used-map');

    await expect(remove()).rejects.toMatchObject({ statusCode: 409 });
    await cloud.client.tokens.delete(...cloud.at, token.name);
    await remove();
    await expect(cloud.client.scopeMaps.get(...cloud.at, 'used-map')).rejects.toMatchObject({
      statusCode: 404,
    });
  });
});

/** The bare answer, since the SDK drops what it does not know. */
async function fetchToken(id: string): Promise<Response> {
  const { arm, entra } = cloud.standIns;
  const client = cloud.appSettings.AZURE_CLIENT_ID ?? '';
  const token = await entra.tokenFor(client, 'https://management.azure.com');
  return fetch(`${arm.url}${id}?api-version=2025-11-01`, { headers: { authorization: `Bearer ${token}` } });
}
