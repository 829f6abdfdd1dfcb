import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import type { Services } from '../../../../shared/services.ts';
import { type Bridge, startBridge } from '../../../support/bridge.ts';

// What a registry's answer says of a password: only 401 says something, and only when it comes with and without a
// repository.

const REPOSITORY = 'team/app';
const FIREWALL = {
  errors: [{ code: 'DENIED', message: "client with IP '20.50.1.2' is not allowed access." }],
};

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
  await bridge.push(`${REPOSITORY}:v1`, image());
});
afterAll(() => bridge.close());
afterEach(() => bridge.clearFaults());

async function prove(repository: string | undefined, password?: string): Promise<string> {
  const { services, cloud } = bridge;
  const { loginServer } = cloud.standIns.registry;
  const login = { ...cloud.registry.puller, ...(password && { password }) };
  try {
    const proof = await services.provePull({ loginServer, repository }, login, AbortSignal.timeout(10_000));
    return proof.works ? 'works' : proof.why;
  } catch (error) {
    return `${(error as { reason?: string }).reason}: ${(error as Error).message}`;
  }
}

test.each([REPOSITORY, undefined])('a password that the registry knows works: %s', async repository => {
  expect(await prove(repository)).toBe('works');
  expect(await prove(repository, 'wrong')).toBe('refused');
});

test('a password that may not pull has no rights, whichever way the registry says so', async () => {
  const { puller } = bridge.cloud.registry;
  const { actions } = puller;
  puller.actions = ['metadata_read'];
  expect(await prove(REPOSITORY)).toBe('no-rights');
  puller.actions = actions;

  bridge.cloud.standIns.registry.faults.add({ path: '^/oauth2/token$', status: 401, times: 1 });
  expect(await prove(REPOSITORY)).toBe('no-rights');
});

describe.each([REPOSITORY, undefined])('says nothing of a password, for repository %s', repository => {
  test.each([
    [403, /^network-denied: .*client with IP '20.50.1.2'/],
    [405, /^(image-locked|registry-unavailable)/],
    [429, /^registry-unavailable/],
    [503, /^registry-unavailable/],
  ])('an answer with status %i', async (status, expected) => {
    bridge.cloud.standIns.registry.faults.add({ path: '^/oauth2/', status, body: FIREWALL });

    expect(await prove(repository)).toMatch(expected);
  });

  test('a connection that is cut', async () => {
    bridge.cloud.standIns.registry.faults.add({ path: '^/oauth2/', drop: 'before' });

    expect(await prove(repository)).toMatch(/^registry-unavailable/);
  });
});

test.each([401, 403])('a manifest that is refused with %i says nothing of the password', async status => {
  bridge.cloud.standIns.registry.faults.add({ path: '/manifests/', status, body: FIREWALL });

  expect(await prove(REPOSITORY)).toMatch(/^(network-denied|registry-unauthorized)/);
});

describe('a host that is not allowed gets no token and no password', () => {
  const host = 'localhost:1';
  const source = { loginServer: host, repository: REPOSITORY, signal: AbortSignal.timeout(10_000) };
  const { signal } = source;
  const login = { username: 'coder-pull', password: 'a password that stays here' };
  const calls: Record<string, (app: Services) => Promise<unknown>> = {
    exchange: app => app.exchange(host, signal),
    'test of a password': app => app.acceptsLogin(host, login, signal),
    'test pull': app => app.provePull(source, login, signal),
    "the SDK's client of a repository": app => app.acr.getManifest(source, 'v1'),
    "the SDK's client that lists": app =>
      app.acr.listRepositories(host, signal)[Symbol.asyncIterator]().next(),
  };

  test.each(Object.entries(calls))('%s', async (_, call) => {
    await expect(Promise.resolve(bridge.services).then(call)).rejects.toMatchObject({
      reason: 'registry-unauthorized',
      message: expect.stringMatching(/^localhost:1 is not an allowed host: the bridge sends it no /),
    });
  });
});
