import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import { type StandIn, startStandIn } from '../../../../infra/local/stand-in.ts';
import { classifyManifest } from '../../../../shared/images/manifest.ts';
import { type Bridge, startBridge } from '../../../support/bridge.ts';

let bridge: Bridge;
let stranger: StandIn;
let loginServer: string;
const signal = () => AbortSignal.timeout(20_000);
const source = () => ({ loginServer, repository: 'team/app', signal: signal() });

beforeAll(async () => {
  bridge = await startBridge({ registries: ['fabrikam'] });
  ({ loginServer } = bridge.cloud.standIns.registry);
  await bridge.push('team/app:v1', image({ labels: { a: 'b' } }));
  const challenge = `Bearer realm="https://${loginServer}/oauth2/token",service="${loginServer}",scope="repository:team/app:pull"`;
  stranger = await startStandIn({
    secrets: bridge.cloud.secrets,
    tls: bridge.tls,
    routes: [
      {
        method: 'GET',
        path: /.*/,
        handle: () => ({ status: 401, headers: { 'www-authenticate': challenge } }),
      },
    ],
  });
});
afterEach(() => bridge.cloud.standIns.registry.faults.clear());
afterAll(() => Promise.all([bridge.close(), stranger.close()]));

async function configDigest(tag = 'v1'): Promise<string> {
  const found = await bridge.services.acr.getManifest(source(), tag);
  const manifest = classifyManifest(found?.manifest);
  return manifest.kind === 'image' ? manifest.configDigest : '';
}

test('the configuration of an image is read through the redirect to storage', async () => {
  expect(await bridge.services.acr.getConfig(source(), await configDigest())).toMatchObject({
    config: { Labels: { a: 'b' } },
  });
});

test('a configuration of more than 4 MiB is not read', async () => {
  await bridge.push('team/app:large', image({ labels: { a: 'x'.repeat(4 * 1024 * 1024) } }));
  const digest = await configDigest('large');

  await expect(bridge.services.acr.getConfig(source(), digest)).rejects.toThrow('4 MiB');
});

test('a blob redirected to another host gets no token, even if that host asks for one', async () => {
  const digest = await configDigest();
  bridge.cloud.standIns.registry.faults.add({
    path: '/blobs/',
    status: 307,
    headers: { location: `${stranger.url}/blob` },
  });

  await expect(bridge.services.acr.getConfig(source(), digest)).rejects.toMatchObject({
    name: 'ServiceError',
  });

  expect(stranger.requests.all().length).toBeGreaterThan(0);
  expect(stranger.requests.all().filter(({ authorization }) => authorization)).toEqual([]);
});

test('the bridge does not call a host that is not allowed', async () => {
  const host = new URL(stranger.url).host;
  stranger.requests.clear();

  await expect(bridge.services.acr.getManifest({ ...source(), loginServer: host }, 'v1')).rejects.toThrow(
    'sends it no tokens',
  );
  await expect(bridge.services.acr.checkAccess(host, signal())).rejects.toThrow('sends it no tokens');
  const login = { username: 'u', password: 'p' };
  await expect(bridge.services.acceptsLogin(host, login, signal())).rejects.toThrow('sends it no passwords');
  await expect(
    bridge.services.provePull({ loginServer: host, repository: 'team/app' }, login, signal()),
  ).rejects.toThrow('sends it no passwords');
  await expect(bridge.services.exchange(host, signal())).rejects.toThrow('sends it no tokens');

  expect(stranger.requests.all()).toEqual([]);
});

test('tokens are asked for once, and again when the registry stops taking them', async () => {
  const { registry } = bridge.cloud.standIns;
  const { acr } = bridge.anotherInstance();
  const exchanges = () =>
    registry.requests.all().filter(({ path }) => path.startsWith('/oauth2/exchange')).length;
  registry.requests.clear();
  await acr.getManifest(source(), 'v1');
  await acr.getManifest(source(), 'v1');
  expect(exchanges()).toBe(1);

  // As a switch to ABAC mode does to every token that was issued before it.
  bridge.cloud.clock.advance(4 * 3_600_000);

  expect(await acr.getManifest(source(), 'v1')).toBeDefined();
  expect(exchanges()).toBe(2);
});

test('a tag that is not there, and a repository that is not', async () => {
  expect(await bridge.services.acr.getManifest(source(), 'v9')).toBeUndefined();
  expect(await bridge.services.acr.getManifest({ ...source(), repository: 'unknown' }, 'v1')).toBeUndefined();
});

test('a login is not sent to the host that the registry redirects to', async () => {
  const { registry } = bridge.cloud.standIns;
  registry.faults.add({ path: '/oauth2/token', status: 302, headers: { location: `${stranger.url}/token` } });
  stranger.requests.clear();

  await expect(
    bridge.services.acceptsLogin(loginServer, { username: 'u', password: 'p' }, signal()),
  ).rejects.toMatchObject({ reason: 'registry-unavailable' });

  expect(stranger.requests.all()).toEqual([]);
});

test('an empty registry lists no repositories', async () => {
  const [empty] = bridge.cloud.otherRegistries;
  const listed = bridge.services.acr.listRepositories(empty?.standIn.loginServer as string, signal());

  const names: string[] = [];
  for await (const name of listed) names.push(name);

  expect(names).toEqual([]);
});

test('what the list of tags says of one tag is read, and undefined when it does not have it', async () => {
  const found = await bridge.services.acr.getManifest(source(), 'v1');

  expect(await bridge.services.acr.getTag(source(), 'v1')).toEqual({
    ...{ tag: 'v1', digest: found?.digest, pushedOn: expect.any(Date) },
  });
  expect(await bridge.services.acr.getTag(source(), 'v9')).toBeUndefined();
});

test('the tokens of the 200 repositories that were asked for last are kept', async () => {
  const { registry } = bridge.cloud.standIns;
  const { acr } = bridge.anotherInstance();
  /** How many tokens it takes to read the repository. */
  const tokensFor = async (number: number) => {
    registry.requests.clear();
    await acr.getManifest({ ...source(), repository: `many/${number}` }, 'v1');
    return registry.requests.all().filter(({ path }) => path.startsWith('/oauth2/token')).length;
  };
  for (let i = 0; i < 200; i++) expect(await tokensFor(i)).toBe(1);

  expect(await tokensFor(0)).toBe(0);
  expect(await tokensFor(200)).toBe(1);
  expect(await tokensFor(0)).toBe(0);
  expect(await tokensFor(1)).toBe(1);
});
