import { describe, expect, test } from 'vitest';
import { rotationView } from '../../../shared/api/views/rotation.ts';
import type { Registry } from '../../../shared/records/registry.ts';
import type { RotatingKind } from './model/bridge.ts';
import { newLife } from './model/calls.ts';
import { startWorld } from './model/history.ts';

// What a person who asks for a rotation sees of it.

const MINUTE_MS = 60_000;

async function start(kind: RotatingKind) {
  const world = await startWorld(kind, { histories: 0, calls: 0, refusals: 0, crashes: 0 }, 1);
  const { azure } = world;
  const [bridge] = world.models as [(typeof world.models)[0]];
  const view = async () => rotationView((await bridge.registry()) as Registry, azure.now());
  return {
    ...{ azure, bridge, view },
    held: () => bridge.held()?.password,
    async later(minutes: number) {
      azure.advance(minutes * MINUTE_MS);
      await bridge.run();
    },
  };
}

test('a plain request in a grace period waits for its end, and ends nothing', async () => {
  const { azure, bridge, held, later, view } = await start('token');
  const first = held();
  await bridge.request(false);
  await later(0);
  const second = held();
  expect(await view()).toMatchObject({ step: 'waiting-to-revoke', why: 'requested' });

  await bridge.request(false);
  await later(30);

  expect(held()).toBe(second);
  expect(azure.knows({ username: bridge.held()?.username ?? '', password: first ?? '' })).toBe(true);
  await later(40);
  expect(held()).not.toBe(second);
  expect(await view()).toMatchObject({ previous: { slot: 'password2' } });
});

test('a request that comes after the new one was issued leads to another one', async () => {
  const { azure, bridge, later, view } = await start('service-principal');
  await bridge.request(false);
  // It is cut off when the new secret is being tested.
  await bridge.run(newLife(18));
  expect(await view()).toMatchObject({ step: 'testing' });
  azure.advance(MINUTE_MS);
  await bridge.request(false);

  await later(2);

  // The first one, the one that was being tested, and another one.
  expect(azure.application.secrets()).toHaveLength(3);
  expect(await view()).toMatchObject({ step: 'waiting-to-revoke', why: 'requested' });
});

describe('an emergency', () => {
  test('that cannot go on is told, and goes on as soon as it can', async () => {
    const { azure, bridge, held, later, view } = await start('token');
    const leaked = held();
    Object.assign(azure.world, { mood: 'away' });
    await bridge.request(true);
    await later(1);
    expect(await view()).toMatchObject({
      ...{ compromised: true, attempts: 1, step: 'issuing' },
      lastResult: { outcome: 'failed', reason: 'registry-unavailable' },
    });

    Object.assign(azure.world, { mood: 'well' });
    await later(1);

    expect(held()).not.toBe(leaked);
    const after = await view();
    expect(after).toMatchObject({
      ...{ why: 'compromised', lastResult: { outcome: 'rotated' } },
      previous: { slot: 'password1', compromised: true },
    });
    expect(after.compromised).toBeUndefined();
    expect(after.previous?.revokedOn?.getTime()).toBeGreaterThan(after.startedOn?.getTime() ?? 0);
  });

  test('about a token that nothing can revoke lasts until that ends', async () => {
    const { bridge, later, view } = await start('entra-identity');
    await bridge.request(true);
    await later(1);

    const after = await view();
    expect(after).toMatchObject({ compromised: true, previous: { endsOn: expect.any(Date) } });
    expect(after.previous).toMatchObject({ revokedOn: undefined });
    await later(200);
    expect((await view()).compromised).toBeUndefined();
  });
});

test('another kind is tried at once, although the one before has just failed', async () => {
  const { azure, bridge, later, view } = await start('service-principal');
  bridge.health.set('graph', 'away');
  await bridge.request(false);
  await later(1);
  expect(await view()).toMatchObject({ lastResult: { reason: 'graph-unavailable' } });

  await bridge.declare('token');
  await later(1);

  expect(await view()).toMatchObject({ lastResult: { outcome: 'rotated' }, why: 'declared' });
  expect(bridge.held()?.username).toBe('coder-acr-bridge-alpha');
  expect(azure.knows(bridge.held() ?? { username: '', password: '' })).toBe(true);
});

test('an administrator password that was taken as it is, and is not wanted any more, stays for others', async () => {
  const { azure, bridge, later, view } = await start('admin');
  const { admin } = azure.accounts;
  admin.regenerate('password');
  const others = () => admin.passwords().find(({ name }) => name === 'password2')?.value;
  const before = others();
  // It is cut off while it tests the second password.
  await bridge.run(newLife(22));
  expect(await view()).toMatchObject({ step: 'testing', why: 'refused' });

  await bridge.declare('token');
  await later(1);

  expect(bridge.held()?.username).toBe('coder-acr-bridge-alpha');
  expect(others()).toBe(before);
});

test('a rotation whose instance was killed goes on within a minute', async () => {
  const { bridge, held, later } = await start('token');
  const before = held();
  await bridge.request(false);
  await bridge.run(newLife(25));
  expect(held()).toBe(before);

  await later(50 / 60);

  expect(held()).not.toBe(before);
});

test('a token that others use is refused, and adopted only when a person says so', async () => {
  const { azure, bridge } = await start('token');
  const { tokens, scopeMaps } = azure.accounts;
  const everything = scopeMaps.find('_repositories_admin')?.id ?? '';
  tokens.put('ci-deploy', { scopeMapId: everything });
  tokens.generate('ci-deploy', ['password1', 'password2']);
  const passwords = tokens.find('ci-deploy')?.passwords.map(({ value }) => value);

  await expect(bridge.declare('token', { tokenName: 'ci-deploy' })).rejects.toMatchObject({
    reason: 'belongs-to-others',
    message: expect.stringMatching(/scope map _repositories_admin.*adopt: true/),
  });

  expect(tokens.find('ci-deploy')).toMatchObject({ scopeMapId: everything });
  expect(tokens.find('ci-deploy')?.passwords.map(({ value }) => value)).toEqual(passwords);
  await bridge.declare('token', { tokenName: 'ci-deploy', adopt: true });
  for (let i = 0; i < 3; i += 1) {
    azure.advance(61 * MINUTE_MS);
    await bridge.run();
  }
  expect(bridge.held()?.username).toBe('ci-deploy');
  expect(tokens.find('ci-deploy')?.scopeMapId).toMatch(/scopeMaps\/ci-deploy$/);
});
