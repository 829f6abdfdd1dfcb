import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import { createPublish } from '../../../../shared/azure/event-grid.ts';
import { timeLimit } from '../../../../shared/lib/time-limit.ts';
import { type Bridge, startBridge } from '../../../support/bridge.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
  await bridge.push('team/app:v1', image({}));
});
afterEach(() => bridge.clearFaults());
afterAll(() => bridge.close());

const source = (ms: number) => ({
  loginServer: bridge.cloud.standIns.registry.loginServer,
  repository: 'team/app',
  signal: timeLimit(ms),
});

function idOf({ cloud: { registry } }: Bridge) {
  const [, , subscriptionId = '', , resourceGroup = ''] = registry.resourceId.split('/');
  return { subscriptionId, resourceGroup, registryName: registry.name };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('a token request that hangs', () => {
  test.each([
    ['the exchange', '/oauth2/exchange$'],
    ['the access token', '/oauth2/token$'],
  ])('%s: the caller leaves in time, and the next call asks anew', async (_, path) => {
    const { acr } = bridge.anotherInstance();
    bridge.cloud.standIns.registry.faults.add({ path, delayMs: 60_000, times: 2 });

    await expect(acr.getManifest(source(500), 'v1')).rejects.toMatchObject({
      reason: 'registry-unavailable',
      message: expect.stringContaining('no answer in time'),
    });
    await expect(all(acr.listTags(source(500)))).rejects.toMatchObject({
      reason: 'registry-unavailable',
    });

    expect(await acr.getManifest(source(20_000), 'v1')).toBeDefined();
    expect(await all(acr.listTags(source(20_000)))).toHaveLength(1);
  });
});

test('an answer that is too large is given up', async () => {
  const { registry, arm } = bridge.cloud.standIns;
  const { acr, arm: client } = bridge.services;
  const body = { huge: 'x'.repeat(20 * 1024 * 1024) };
  registry.faults.add({ path: '^/acr/v1/', body });
  arm.faults.add({ path: '/registries/', body });

  await expect(all(acr.listTags(source(20_000)))).rejects.toThrow('larger than 8 MiB');
  await expect(client.describeRegistry(idOf(bridge), timeLimit(20_000))).rejects.toThrow('larger than 8 MiB');
});

test('a connection that breaks is tried again, and the second answer is read as the first would be', async () => {
  const { registry, arm } = bridge.cloud.standIns;
  const { acr, arm: client } = bridge.services;
  registry.faults.add({ path: '^/acr/v1/', drop: 'before', times: 1 });
  arm.faults.add({ path: '/registries/', drop: 'before', times: 1 });

  expect(await all(acr.listTags(source(20_000)))).toHaveLength(1);
  const { loginServer } = bridge.cloud.standIns.registry;
  expect(await client.describeRegistry(idOf(bridge), timeLimit(20_000))).toMatchObject({ loginServer });
});

test('a long error of the registry is shortened', async () => {
  const message = 'x'.repeat(40_000);
  bridge.cloud.standIns.registry.faults.add({
    path: '/manifests/',
    status: 400,
    body: { errors: [{ code: 'X', message }] },
  });

  const error = await bridge.services.acr.getManifest(source(20_000), 'v1').catch((thrown: Error) => thrown);
  expect((error as Error).message).toMatch(/X, x{499}…$/);
});

test('tables that ask for a long pause are asked again within the time of one call', async () => {
  await bridge.put();
  bridge.cloud.standIns.tables.faults.add({ status: 429, headers: { 'retry-after': '25' }, times: 1 });

  expect(await bridge.services.registries.get('contoso')).toBeDefined();
});

describe('what does not answer is given up', () => {
  afterEach(() => vi.useRealTimers());

  /** Starts the call, and lets ten seconds of its limits pass once the service has been asked. */
  async function whenAsked<T>(service: 'tables' | 'keyVault' | 'topic', call: () => Promise<T>): Promise<T> {
    const { faults, requests } = bridge.cloud.standIns[service];
    faults.add({ delayMs: 60_000 });
    requests.clear();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const called = call();
    // Node ends a process at a rejection without a handler.
    called.catch(() => undefined);
    while (requests.underWay() === 0) await setImmediate();
    vi.advanceTimersByTime(10_000);
    return called;
  }

  test('tables', async () => {
    const { registries } = bridge.services;
    await expect(whenAsked('tables', () => registries.get('contoso'))).rejects.toThrow(
      'Table Storage: no answer in time',
    );
  });

  test('a vault', async () => {
    const { vault } = bridge.services;
    await expect(whenAsked('keyVault', () => vault.read('any', undefined))).rejects.toMatchObject({
      reason: 'secrets-unavailable',
    });
  });

  test('a topic', async () => {
    const { credential } = bridge.services;
    const publish = createPublish(bridge.cloud.standIns.topic.endpoint, credential, bridge.log);
    const image = { registry: 'contoso', repository: 'team/app', tag: 'v1', reason: 'tag-added' };
    await whenAsked('topic', () => publish('Image.Imported', 'contoso/team/app:v1', image));

    expect(bridge.logged.at(-1)).toMatch(/^event not published/);
  });
});
