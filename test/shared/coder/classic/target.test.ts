import { afterAll, beforeAll, expect, test } from 'vitest';
import { image, index } from '../../../../infra/local/oci-image.ts';
import { startStandIn } from '../../../../infra/local/stand-in.ts';
import { sweep } from '../../../../shared/images/sweep.ts';
import { type Bridge, startBridge } from '../../../support/bridge.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
});
afterAll(() => bridge.close());

const known = (repository: string) =>
  bridge.cloud.standIns.coder.state().images.find(candidate => candidate.repository === repository);

/** Pushes tags one after the other, and tells the bridge in the order given. */
async function pushAll(repository: string, tags: string[], told: string[] = tags) {
  const times = new Map<string, Date>();
  for (const tag of tags) {
    await bridge.push(`${repository}:${tag}`, image({ content: `${repository}:${tag}` }));
    bridge.cloud.clock.advance(1_000);
    times.set(tag, bridge.cloud.clock.now());
  }
  for (const tag of told) await bridge.pushed(`${repository}:${tag}`, { at: times.get(tag) as Date });
}

test.each([
  ['first', ['1.0.0', '1.1.0'], ['1.0.0', '1.1.0'], '1.0.0'],
  ['never', ['1.0.0', '1.1.0'], ['1.0.0', '1.1.0'], '1.0.0'],
  ['newest', ['1.0.0', '1.2.0', '1.1.0'], ['1.0.0', '1.2.0', '1.1.0'], '1.1.0'],
  ['newest', ['1.0.0', '1.2.0', '1.1.0'], ['1.1.0', '1.2.0', '1.0.0'], '1.1.0'],
  ['highest-semver', ['1.9.0', '1.10.0', '1.2.0'], ['1.9.0', '1.10.0', '1.2.0'], '1.10.0'],
])('default tag %s: pushed as %j, told as %j → %s', async (defaultTag, tags, told, expected) => {
  const repository = `${defaultTag}/${told.join('-')}`;
  await bridge.put({ policy: { rules: [{ repository: '**', defaultTag }] } });

  await pushAll(repository, tags, told);

  expect(known(repository)?.default_tag).toBe(expected);
});

test('a push that waited does not take the default from a newer one', async () => {
  await bridge.put({ policy: { rules: [{ repository: '**', defaultTag: 'newest' }] } });
  const { coder } = bridge.cloud.standIns;
  await pushAll('late/app', ['v1']);
  coder.faults.add({ status: 503 });
  await pushAll('late/app', ['v2']);
  coder.faults.clear();
  await pushAll('late/app', ['v3']);

  bridge.cloud.clock.advance(60_000);
  await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);

  expect(await bridge.record('late/app:v2')).toMatchObject({ state: 'imported' });
  expect(known('late/app')?.default_tag).toBe('v3');
});

test('defaults of the rule win over labels, and follow the policy on an image that Coder has', async () => {
  const labels = { 'com.coder.cpu-cores': '2', 'com.coder.memory-gb': '6' };
  await bridge.put({ policy: { rules: [{ repository: '**', defaults: { cpuCores: 8 } }] } });
  await bridge.push('defaults/app:v1', image({ labels }));
  await bridge.pushed('defaults/app:v1');
  expect(known('defaults/app')).toMatchObject({
    default_cpu_cores: 8,
    default_memory_gb: 6,
    default_disk_gb: 10,
  });

  await bridge.put({
    policy: { rules: [{ repository: '**', defaults: { cpuCores: 4, description: 'Four' } }] },
  });
  await bridge.push('defaults/app:v2', image({ labels, content: 'two' }));
  await bridge.pushed('defaults/app:v2');

  expect(known('defaults/app')).toMatchObject({
    default_cpu_cores: 4,
    default_memory_gb: 6,
    description: 'Four',
  });
});

test('the labels of an index are those of its linux/amd64 image', async () => {
  await bridge.put();
  const platform = (name: string, cores: string) =>
    image({ platform: name, labels: { 'com.coder.cpu-cores': cores } });
  await bridge.push('labels/app:v1', index([platform('linux/arm64', '3'), platform('linux/amd64', '5')]));

  await bridge.pushed('labels/app:v1');

  expect(known('labels/app')).toMatchObject({ default_cpu_cores: 5 });
});

test('an image waits for the platforms that its rule requires, and arrives with them', async () => {
  await bridge.put({ policy: { rules: [{ repository: '**', platforms: ['linux/amd64', 'linux/arm64'] }] } });
  const [amd, arm] = [image({ platform: 'linux/amd64' }), image({ platform: 'linux/arm64' })];
  await bridge.push('wait/app:v1', index([amd]));
  await bridge.pushed('wait/app:v1');
  expect(await bridge.record('wait/app:v1')).toMatchObject({
    state: 'pending',
    reason: 'waiting-for-platforms',
    message: 'It lacks linux/arm64.',
  });

  const digest = await bridge.push('wait/app:v1', index([amd, arm]));
  await bridge.pushed('wait/app:v1');

  expect(await bridge.record('wait/app:v1')).toMatchObject({ state: 'imported', digest });
});

test('an index counts as refreshed once Coder shows another digest than before', async () => {
  await bridge.put();
  const of = (content: string) => index([image({ content }), image({ content, platform: 'linux/arm64' })]);
  await bridge.push('slow/app:v1', of('first'));
  await bridge.pushed('slow/app:v1');
  const [before] = known('slow/app')?.tags ?? [];
  await bridge.push('slow/app:v1', of('second'));
  // What Coder shows before the refresh, and at the first look after it.
  const body = { tag: 'v1', latest_hash: before?.latest_hash };
  bridge.cloud.standIns.coder.faults.add({ method: 'GET', path: '/tags/v1$', status: 200, body, times: 2 });

  await bridge.pushed('slow/app:v1');

  const [after] = known('slow/app')?.tags ?? [];
  expect(after?.latest_hash).not.toBe(before?.latest_hash);
  expect(await bridge.record('slow/app:v1')).toMatchObject({
    ...{ state: 'imported', reason: 'tag-refreshed', coderDigest: after?.latest_hash },
  });
});

test('an image that was deleted in Coder by hand is imported again with its next push', async () => {
  await bridge.put();
  await pushAll('again/app', ['v1']);
  const { requests } = bridge.cloud.standIns.coder;
  bridge.cloud.standIns.coder.faults.add({
    method: 'GET',
    path: `/images/${known('again/app')?.id}$`,
    status: 404,
    times: 1,
  });
  requests.clear();
  await pushAll('again/app', ['v2']);

  // It was looked for in the list, found there after all, and not made twice.
  expect(requests.all().map(({ path }) => path.split('?')[0])).toContain('/api/v0/images');
  expect(await bridge.record('again/app:v2')).toMatchObject({ state: 'imported', reason: 'tag-added' });
});

test('a Coder that redirects elsewhere gets its session token nowhere else', async () => {
  const stranger = await startStandIn({ routes: [], secrets: bridge.cloud.secrets, tls: bridge.tls });
  const { coder } = bridge.cloud.standIns;
  coder.faults.add({
    status: 302,
    headers: { location: `${stranger.url}/login?token=${bridge.cloud.coder.token}` },
  });
  await pushAll('away/app', ['v1']);
  coder.faults.clear();

  expect(await bridge.record('away/app:v1')).toMatchObject({
    state: 'pending',
    reason: 'coder-unavailable',
    message: expect.stringContaining(`a redirect to ${stranger.url}, as of`),
  });
  expect(stranger.requests.all()).toEqual([]);
  await stranger.close();
});

test('a registry may name an organization of its own', async () => {
  await bridge.put({ organizationId: 'elsewhere' });
  const { requests } = bridge.cloud.standIns.coder;
  requests.clear();
  await pushAll('org/app', ['v1']);

  // This Coder has no such organization, and so says; what counts is where the bridge asked.
  expect(await bridge.record('org/app:v1')).toMatchObject({ state: 'failed', reason: 'coder-rejected' });
  expect(requests.all().map(({ path }) => new URL(path, 'http://coder').searchParams.get('org'))).toEqual([
    'elsewhere',
  ]);
});
