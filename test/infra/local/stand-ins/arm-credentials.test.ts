import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACTIONS, CREDENTIAL_MANAGER } from '../../../../infra/local/stand-ins/arm/actions.ts';
import { AS_USUAL } from '../../../../infra/local/stand-ins/arm/behaviour.ts';
import { type CredentialCloud, startCredentialCloud } from './credential-cloud.ts';

let cloud: CredentialCloud;

beforeAll(async () => {
  cloud = await startCredentialCloud();
});
afterAll(() => cloud.close());
beforeEach(() => {
  Object.assign(cloud.standIns.arm.behaviour, AS_USUAL);
  switchAdmin(true);
});

const switchAdmin = (adminUserEnabled: boolean) =>
  cloud.standIns.arm.changeRegistry(cloud.registry.resourceId, { adminUserEnabled });

async function passwords(): Promise<Record<string, string>> {
  const listed = await cloud.client.registries.listCredentials(...cloud.at);
  return Object.fromEntries(listed.passwords?.map(({ name, value }) => [name, value]) ?? []);
}

const regenerate = (name: 'password' | 'password2') =>
  cloud.client.registries.regenerateCredential(...cloud.at, { name });

describe('the administrator', () => {
  test('has two passwords, both of which work at once, on /v2 and for a token', async () => {
    const { username, passwords = [] } = await cloud.client.registries.listCredentials(...cloud.at);

    expect(username).toBe('contoso');
    expect(passwords.map(({ name }) => name)).toEqual(['password', 'password2']);
    for (const { value = '' } of passwords) {
      expect((await cloud.basic('contoso', value)).status).toBe(200);
      expect(await cloud.login('contoso', value, 'repository:team/app:pull,push')).toEqual({
        status: 200,
        access: [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }],
      });
      expect(cloud.secrets.all()).toContain(value);
    }
  });

  test.each([
    ['password', 'password2'],
    ['password2', 'password'],
  ] as const)(
    'gets a new %s, which ends the old one now and works a minute later; %s stays',
    async (name, other) => {
      const before = await passwords();
      const answer = await regenerate(name);
      const after = await passwords();
      const status = async (value = '') => (await cloud.basic('contoso', value)).status;

      expect(answer.passwords).toEqual(Object.entries(after).map(([slot, value]) => ({ name: slot, value })));
      expect(after[other]).toBe(before[other]);
      expect(cloud.secrets.all()).toContain(after[name]);
      expect(await status(before[name])).toBe(401);
      expect(await status(after[name])).toBe(401);
      expect(await status(after[other])).toBe(200);
      cloud.clock.advance(61_000);
      expect(await status(after[name])).toBe(200);
      expect(await status(before[name])).toBe(401);
    },
  );

  test('gets a password that works as soon as the test says', async () => {
    cloud.standIns.arm.behaviour.propagationMs = 0;
    await regenerate('password');

    expect((await cloud.basic('contoso', (await passwords()).password ?? '')).status).toBe(200);
  });

  test('can get a new password without the bridge', async () => {
    const before = await passwords();
    cloud.standIns.arm.accounts(cloud.registry.resourceId).admin.regenerate('password');

    expect((await cloud.basic('contoso', before.password ?? '')).status).toBe(401);
    expect((await passwords()).password).not.toBe(before.password);
  });

  test('that is off cannot log in, and neither lists nor changes its passwords', async () => {
    const before = await passwords();
    switchAdmin(false);

    const refusal = { statusCode: 400, code: 'UnAuthorizedForCredentialOperations' };
    await expect(cloud.client.registries.listCredentials(...cloud.at)).rejects.toMatchObject(refusal);
    await expect(regenerate('password')).rejects.toMatchObject(refusal);
    const refused = await cloud.basic('contoso', before.password2 ?? '');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe('Basic realm="Azure Container Registry"');
    switchAdmin(true);
    expect(await passwords()).toEqual(before);
  });

  test('has no third password', async () => {
    const name = 'password3' as 'password2';
    await expect(regenerate(name)).rejects.toMatchObject({ statusCode: 400 });
  });

  test('is away while the stand-in is told so, and the client tries again', async () => {
    const { faults, requests } = cloud.standIns.arm;
    requests.clear();
    faults.add({ path: 'listCredentials', status: 429, headers: { 'retry-after': '0' }, times: 1 });

    expect(await passwords()).toHaveProperty('password');
    expect(requests.all().map(({ status }) => status)).toEqual([429, 200]);
  });
});

test('the sample registry starts without an administrator, and keeps the user who pushes', async () => {
  const other = await startCredentialCloud();
  const registry = await other.client.registries.get(...other.at);
  const { username, password } = other.registry.pusher;

  expect(registry.adminUserEnabled).toBe(false);
  expect((await other.basic(username, password)).status).toBe(200);
  await other.close();
});

describe('a caller without the action', () => {
  const calls: [string, string, () => PromiseLike<unknown>][] = [
    ['list credentials', ACTIONS.listCredentials, () => passwords()],
    ['regenerate a credential', ACTIONS.regenerateCredential, () => regenerate('password')],
    ['read a token', ACTIONS.readTokens, () => cloud.client.tokens.get(...cloud.at, 'token')],
    ['make a token', ACTIONS.writeTokens, () => cloud.newToken()],
    [
      'change a token',
      ACTIONS.writeTokens,
      () => cloud.client.tokens.update(...cloud.at, 'token', { status: 'disabled' }),
    ],
    ['delete a token', ACTIONS.deleteTokens, () => cloud.client.tokens.delete(...cloud.at, 'token')],
    ['poll the making of a token', ACTIONS.readTokenOperations, () => cloud.newToken()],
    ['read a scope map', ACTIONS.readScopeMaps, () => cloud.client.scopeMaps.get(...cloud.at, 'map')],
    [
      'make a scope map',
      ACTIONS.writeScopeMaps,
      () =>
        cloud.client.scopeMaps.create(...cloud.at, 'refused', { actions: ['repositories/a/content/read'] }),
    ],
    [
      'poll the making of a scope map',
      ACTIONS.readScopeMapOperations,
      () =>
        cloud.client.scopeMaps.create(...cloud.at, 'polled', { actions: ['repositories/a/content/read'] }),
    ],
    ['delete a scope map', ACTIONS.deleteScopeMaps, () => cloud.client.scopeMaps.delete(...cloud.at, 'map')],
    [
      'generate credentials',
      ACTIONS.generateCredentials,
      () => cloud.client.registries.generateCredentials(...cloud.at, { tokenId: 'any' }),
    ],
    [
      'poll the generating of credentials',
      ACTIONS.readOperationResults,
      async () => {
        cloud.standIns.arm.behaviour.generatesLater = true;
        const { name } = cloud.standIns.arm
          .accounts(cloud.registry.resourceId)
          .tokens.put('polled', { scopeMapId: 'any' });
        const tokenId = `${cloud.registry.resourceId}/tokens/${name}`;
        return cloud.client.registries.generateCredentials(...cloud.at, { tokenId });
      },
    ],
  ];

  test.each(calls)('to %s is refused', async (_, action, call) => {
    const { allowed } = cloud.standIns.arm;
    const everything = Object.values(ACTIONS);
    const [bridge = ''] = Object.keys(allowed);
    allowed[bridge] = everything.filter(other => other !== action);

    await expect(Promise.resolve().then(call)).rejects.toMatchObject({
      statusCode: 403,
      code: 'AuthorizationFailed',
      message: expect.stringContaining(`'${action}'`),
    });
    allowed[bridge] = CREDENTIAL_MANAGER;
  });
});

test('to switch the mode of role assignments ends every login, until the next one', async () => {
  const { registry, arm } = cloud.standIns;
  const query = new URLSearchParams({ service: registry.loginServer, scope: 'registry:catalog:*' });
  const { username, password } = cloud.registry.pusher;
  const basic = { authorization: `Basic ${btoa(`${username}:${password}`)}` };
  const logIn = async () => {
    const answer = await fetch(`${registry.url}/oauth2/token?${query}`, { headers: basic });
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  const status = async (token: string) =>
    (await fetch(`${registry.url}/v2/_catalog`, { headers: { authorization: `Bearer ${token}` } })).status;
  const before = await logIn();
  expect(await status(before)).toBe(200);

  arm.changeRegistry(cloud.registry.resourceId, { roleAssignmentMode: 'AbacRepositoryPermissions' });
  expect(await status(before)).toBe(401);
  expect(await status(await logIn())).toBe(200);
  arm.changeRegistry(cloud.registry.resourceId, { roleAssignmentMode: 'LegacyRegistryPermissions' });
  expect(await status(before)).toBe(401);
});
