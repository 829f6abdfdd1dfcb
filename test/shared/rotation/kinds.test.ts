import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../../infra/local/oci-image.ts';
import { ACTIONS, CREDENTIAL_MANAGER } from '../../../infra/local/stand-ins/arm/actions.ts';
import { ServiceError } from '../../../shared/errors.ts';
import { sharedTenant } from '../../support/tenant.ts';
import { type RotationWorld, startRotationWorld } from './world.ts';

// What only some kinds have, and what only a person can repair.

let world: RotationWorld;

beforeAll(async () => {
  world = await startRotationWorld();
});
afterAll(() => world.close());

const arm = () => world.bridge.cloud.standIns.arm;
const registryId = () => world.bridge.cloud.registry.resourceId;
const put = (credential: object, more: object = {}) =>
  world.bridge.put({ credential, ...more }).then(
    () => 'accepted',
    ({ reason, message, remedy }: Error & { reason?: string; remedy?: string }) =>
      `${reason}: ${message} ${remedy}`,
  );
const lastResult = async () => (await world.registry()).rotation.lastResult;
const events = () => world.bridge.cloud.standIns.topic.published();

describe('a registry is refused a kind that cannot work there, with the command that makes it work', () => {
  test('the administrator account is off', async () => {
    arm().changeRegistry(registryId(), { adminUserEnabled: false });

    expect(await put({ kind: 'admin' })).toMatch(
      /^credential-kind-not-allowed: .*az acr update --name contoso --admin-enabled true/,
    );
  });

  test('the app registration is not owned by the bridge', async () => {
    const { graph } = world.bridge.cloud.standIns;
    graph.addApplication({
      objectId: 'x',
      appId: '22222222-3333-4444-5555-666666666666',
      displayName: 'x',
      owners: [],
    });

    expect(await put({ kind: 'service-principal', appId: '22222222-3333-4444-5555-666666666666' })).toMatch(
      /^azure-refused: .*az ad app owner add --id 22222222/,
    );
  });

  test('there is no such app registration', async () => {
    expect(await put({ kind: 'service-principal', appId: '11111111-3333-4444-5555-666666666666' })).toMatch(
      /^azure-refused: .*az ad app show --id 11111111/,
    );
  });

  test('the bridge may not read tokens', async () => {
    const { allowed } = arm();
    const { bridge } = await sharedTenant();
    allowed[bridge.objectId] = [ACTIONS.read];

    expect(await put({ kind: 'token' })).toMatch(/^azure-refused: .*az role assignment create/);
    allowed[bridge.objectId] = CREDENTIAL_MANAGER;
  });

  test('the registry has as many tokens as its SKU takes', async () => {
    const { tokens } = arm().accounts(registryId());
    arm().changeRegistry(registryId(), { sku: 'Basic' });
    for (let i = 0; i < 100; i += 1) tokens.put(`token-${i}`, {});

    expect(await put({ kind: 'token' })).toMatch(/^credential-kind-not-allowed: .*100 tokens/);
    for (let i = 0; i < 100; i += 1) tokens.delete(`token-${i}`);
    arm().changeRegistry(registryId(), { sku: 'Premium' });
  });
});

describe('a password that a person supplied', () => {
  test('is reported once when the registry refuses it, and the report is cleared when it works again', async () => {
    await world.bridge.put();
    await world.pushed('team/app:v1', image());
    const { puller } = world.bridge.cloud.registry;
    const { password } = puller;
    puller.password = world.bridge.cloud.secrets.random();

    for (let i = 0; i < 3; i += 1) await world.run(world.newInstance());

    expect(await lastResult()).toMatchObject({ outcome: 'failed', reason: 'credential-refused' });
    expect(
      events().filter(({ type }) => type === 'com.coder.acr-bridge.Registry.RotationFailed'),
    ).toHaveLength(1);
    puller.password = password;
    await world.run(world.newInstance());
    expect(await lastResult()).toBeUndefined();
  });

  test('may have the right to pull and no other', async () => {
    const { puller } = world.bridge.cloud.registry;
    const { actions } = puller;
    puller.actions = ['pull'];

    await world.run(world.newInstance());

    expect(await lastResult()).toBeUndefined();
    puller.actions = actions;
  });

  test('is reported once before it ends', async () => {
    const { username, password } = world.bridge.cloud.registry.puller;
    const expiresOn = new Date(world.bridge.cloud.clock.now().getTime() + 3 * 24 * 3_600_000).toISOString();
    await put({ kind: 'static', username, password, expiresOn });

    for (let i = 0; i < 3; i += 1) await world.run(world.newInstance());

    const told = events().filter(({ type }) => type === 'com.coder.acr-bridge.Registry.CredentialExpiring');
    expect(told).toMatchObject([{ data: { registry: 'contoso', kind: 'static', username, expiresOn } }]);
    const { secretName } = (await world.registry()).rotation.current ?? {};
    const inVault = (await world.bridge.services.vault.list({})).find(({ name }) => name === secretName);
    expect(inVault?.expiresOn?.toISOString()).toBe(expiresOn.replace(/\.\d+/, '.000'));
  });

  test.each([
    [403, { outcome: 'failed', reason: 'secrets-forbidden', remedy: expect.stringContaining('az role ') }],
    [503, undefined],
  ])(
    'is not read where Key Vault answers %i: told at once when waiting will not help',
    async (status, told) => {
      world.bridge.cloud.standIns.keyVault.faults.add({ path: '^/secrets', status });

      await world.run(world.newInstance());

      if (told) expect(await lastResult()).toMatchObject(told);
      else expect(await lastResult()).toBeUndefined();
      world.bridge.clearFaults();
      await world.run(world.newInstance());
      expect(await lastResult()).toBeUndefined();
    },
  );
});

describe('when another kind is declared', () => {
  test('a token replaces a password, and the registry accepts what Coder holds throughout', async () => {
    const before = world.held();

    await world.add('token');
    expect(await world.isAccepted(world.held())).toBe(true);
    await world.untilQuiet();

    expect(world.held()).not.toEqual(before);
    await world.expectSound();
  });

  test('the identity of the bridge replaces a token, whose passwords are removed', async () => {
    await world.add('entra-identity');
    await world.untilQuiet();

    await world.expectSound();
    expect(arm().accounts(registryId()).tokens.find('coder-acr-bridge')?.passwords).toEqual([]);
  });

  test('a password replaces the identity of the bridge', async () => {
    await world.bridge.put();
    await world.untilQuiet();

    const { username, password } = world.bridge.cloud.registry.puller;
    expect(world.held()).toEqual({ username, password });
  });
});

test('a registry that was deleted in Coder gets the current credential with its next image', async () => {
  await world.add('token');
  await world.untilQuiet();
  const { state } = world.bridge.cloud.standIns.coder;
  for (const { id } of state().images) await world.bridge.askCoder('DELETE', `/_stand-in/images/${id}`);
  for (const { id } of state().registries) await world.bridge.askCoder('DELETE', `/api/v0/registries/${id}`);

  await world.request();
  await world.untilQuiet();
  expect(world.held()).toBeUndefined();
  await world.pushed('team/again:v1', image({ content: 'again' }));

  await world.expectSound();
});

describe('a token', () => {
  test('may read the repositories of the policy, and nothing else, even after the policy changes', async () => {
    await world.add('token');
    await world.untilQuiet();
    const actions = () => arm().accounts(registryId()).scopeMaps.find('coder-acr-bridge')?.actions;
    expect(actions()).toEqual(['repositories/*/content/read', 'repositories/*/metadata/read']);

    const rules = [{ repository: 'team/**' }, { repository: 'base' }];
    await put({ kind: 'token', rotateEveryHours: 24, graceMinutes: 30 }, { policy: { rules } });
    await world.run(world.newInstance());

    expect(actions()).toEqual([
      'repositories/base/content/read',
      'repositories/base/metadata/read',
      'repositories/team/*/content/read',
      'repositories/team/*/metadata/read',
    ]);
  });

  test('is issued anew when its secret was disabled in Key Vault', async () => {
    const before = world.held();
    const { secretName = '', secretVersion = '' } = (await world.registry()).rotation.current ?? {};
    await world.newInstance().vault.disable(secretName, secretVersion);

    await world.untilQuiet();

    expect(world.held()).not.toEqual(before);
    await world.expectSound();
  });

  test('is given to Coder after a time in which the repositories could not be listed, however long', async () => {
    const { registry: acr } = world.bridge.cloud.standIns;
    await world.request();
    world.meanwhile(() => Promise.reject(new ServiceError('registry-unavailable', 'It went away.')));
    await world.run(world.newInstance());
    const { candidate } = (await world.registry()).rotation;
    acr.faults.add({ path: '/_catalog', status: 503 });
    for (let i = 0; i < 3; i += 1) {
      world.bridge.cloud.clock.advance(8 * 60_000);
      await world.run(world.newInstance());
    }
    expect(await lastResult()).toMatchObject({ reason: 'registry-unavailable' });
    world.bridge.clearFaults();

    await world.untilQuiet();

    expect(candidate).toBeDefined();
    expect((await world.registry()).rotation.current).toEqual(candidate);
    await world.expectSound();
  });

  test('that was disabled is reported with the command that enables it, and is not enabled by the bridge', async () => {
    const { tokens } = arm().accounts(registryId());
    tokens.put('coder-acr-bridge', { status: 'disabled' });

    await world.run(world.newInstance());

    expect(await lastResult()).toMatchObject({
      reason: 'credential-refused',
      message: expect.stringContaining('az acr token update --registry contoso --name coder-acr-bridge'),
    });
    tokens.put('coder-acr-bridge', { status: 'enabled' });
    await world.untilQuiet();
    await world.expectSound();
  });
});

test('an administrator account that was switched off is reported with the command that switches it on', async () => {
  await world.add('admin');
  await world.untilQuiet();
  arm().changeRegistry(registryId(), { adminUserEnabled: false });

  await world.run(world.newInstance());

  expect(await lastResult()).toMatchObject({
    reason: 'admin-disabled',
    remedy: expect.stringContaining('--admin-enabled true'),
  });
});
