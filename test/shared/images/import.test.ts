import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { artifact, image, index } from '../../../infra/local/oci-image.ts';
import { handleEvent } from '../../../shared/images/receive.ts';
import { sweep } from '../../../shared/images/sweep.ts';
import { type Bridge, deleteEvent, pushEvent, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;
let coder: Bridge['cloud']['standIns']['coder'];
let registry: Bridge['cloud']['standIns']['registry'];
let topic: string;

beforeAll(async () => {
  bridge = await startBridge();
  ({ coder, registry } = bridge.cloud.standIns);
  topic = bridge.cloud.registry.resourceId;
  await bridge.put();
});
afterEach(() => bridge.clearFaults());
afterAll(() => bridge.close());

describe('the life of an image', () => {
  test('its first tag imports it, with what its labels ask for', async () => {
    const digest = await bridge.push(
      'life/app:v1',
      image({
        labels: {
          'com.coder.cpu-cores': '4',
          'org.opencontainers.image.description': 'Node 22',
          'org.opencontainers.image.source': 'https://github.com/contoso/app',
        },
      }),
    );

    await bridge.pushed('life/app:v1');

    expect(bridge.inCoder('life/app')).toEqual([{ v1: digest }]);
    expect(coder.state().images.at(-1)).toMatchObject({
      default_cpu_cores: 4,
      default_memory_gb: 2,
      default_disk_gb: 10,
      description: 'Node 22',
      url: 'https://github.com/contoso/app',
      default_tag: 'v1',
    });
    expect(await bridge.record('life/app:v1')).toMatchObject({
      state: 'imported',
      reason: 'image-created',
      digest,
    });
  });

  test('a second tag is added to the same image, and the default stays', async () => {
    const digest = await bridge.push('life/app:v2', image({ content: 'two' }));

    await bridge.pushed('life/app:v2');

    expect(bridge.inCoder('life/app')).toEqual([{ v1: expect.any(String), v2: digest }]);
    expect(coder.state().images.at(-1)).toMatchObject({ default_tag: 'v1' });
    expect(await bridge.record('life/app:v2')).toMatchObject({
      state: 'imported',
      reason: 'tag-added',
      digest,
    });
  });

  test('a tag that moves is refreshed', async () => {
    const digest = await bridge.push('life/app:v1', image({ content: 'moved' }));

    await bridge.pushed('life/app:v1');

    expect(bridge.inCoder('life/app')).toEqual([expect.objectContaining({ v1: digest })]);
    expect(await bridge.record('life/app:v1')).toMatchObject({
      state: 'imported',
      reason: 'tag-refreshed',
      digest,
    });
  });

  test('a tag that is deleted is removed from the records, and Coder keeps what it has', async () => {
    const digest = (await bridge.record('life/app:v2'))?.digest as string;
    const before = bridge.inCoder('life/app');
    registry.faults.add({
      method: 'GET',
      path: '/manifests/v2$',
      status: 404,
      body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] },
    });

    await handleEvent(bridge.services, deleteEvent(topic, 'life/app', digest, new Date()), bridge.log);

    expect(await bridge.record('life/app:v2')).toMatchObject({ state: 'removed', reason: 'gone' });
    expect(await bridge.record('life/app:v1')).toMatchObject({ state: 'imported' });
    expect(bridge.inCoder('life/app')).toEqual(before);
  });

  test('an event of a delete changes nothing while the registry has the tag', async () => {
    const digest = (await bridge.record('life/app:v1'))?.digest as string;

    await handleEvent(bridge.services, deleteEvent(topic, 'life/app', digest, new Date()), bridge.log);

    expect(await bridge.record('life/app:v1')).toMatchObject({ state: 'imported', digest });
  });
});

test('an index of several platforms is one import, and its children are none', async () => {
  const platforms = ['linux/amd64', 'linux/arm64'].map(platform => image({ platform, content: platform }));
  const digest = await bridge.push('multi/app:v1', index(platforms));

  await bridge.pushed('multi/app:v1');

  expect(bridge.inCoder('multi/app')).toEqual([{ v1: digest }]);
});

test('an image that a person imported by hand is adopted, not imported again', async () => {
  await bridge.push('hand/app:v1', image({ content: 'by hand' }));
  const digest = await bridge.push('hand/app:v2', image({ content: 'by push' }));
  const headers = { 'session-token': bridge.cloud.coder.token, 'content-type': 'application/json' };
  const [known] = coder.state().registries;
  const body = { registry_id: known?.id, org_id: known?.organization_id, repository: 'hand/app', tag: 'v1' };
  const sizes = { default_cpu_cores: 1, default_memory_gb: 1, default_disk_gb: 1, description: '', url: '' };
  const answer = await fetch(`${coder.url}/api/v0/images`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...body, ...sizes }),
  });
  expect(answer.status).toBe(201);

  await bridge.pushed('hand/app:v2');

  expect(bridge.inCoder('hand/app')).toEqual([{ v1: expect.any(String), v2: digest }]);
});

describe('what is no image, or not wanted, never reaches Coder', () => {
  test.each([
    [
      'a Helm chart',
      'chart:1.0.0',
      artifact({ configMediaType: 'application/vnd.cncf.helm.config.v1+json' }),
      'not-an-image',
    ],
    [
      'an artifact with the empty config',
      'sbom:v1',
      artifact({ artifactType: 'application/spdx+json' }),
      'not-an-image',
    ],
    ['a signature', `app:sha256-${'a'.repeat(64)}.sig`, artifact({}), 'excluded'],
  ])('%s', async (_, name, manifest, reason) => {
    await bridge.push(`odd/${name}`, manifest);
    const before = coder.requests.all().length;

    await bridge.pushed(`odd/${name}`);

    expect(await bridge.record(`odd/${name}`)).toMatchObject({ state: 'skipped', reason });
    expect(coder.requests.all().length).toBe(before);
  });

  test.each([
    ['untagged', { ...pushEvent('', 'odd/app:v1', new Date()), data: { target: { repository: 'odd/app' } } }],
    ['unknown-registry', pushEvent('/subscriptions/other', 'odd/app:v1', new Date())],
    ['not-an-acr-event', { hello: 'world' }],
  ])('an event that is %s is logged, and acknowledged', async (reason, event) => {
    await handleEvent(bridge.services, { topic, ...event }, bridge.log);

    expect(bridge.logged.at(-1)).toContain(`"reason":"${reason}"`);
  });
});

test('a tag that one replica does not show yet is looked for once more', async () => {
  const digest = await bridge.push('replica/app:v1', image());
  const missing = { errors: [{ code: 'MANIFEST_UNKNOWN' }] };
  registry.faults.add({
    method: 'GET',
    path: 'replica/app/manifests/v1$',
    status: 404,
    body: missing,
    times: 1,
  });
  await bridge.pushed('replica/app:v1');
  expect(await bridge.record('replica/app:v1')).toMatchObject({ state: 'removed', reason: 'gone' });

  bridge.cloud.clock.advance(61_000);
  await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);

  expect(await bridge.record('replica/app:v1')).toMatchObject({ state: 'imported', digest });
});

test('the bridge stops looking for a tag that stays missing', async () => {
  await bridge.pushed('nowhere/app:v1');
  expect((await bridge.record('nowhere/app:v1'))?.dueOn).toBeDefined();

  bridge.cloud.clock.advance(61_000);
  await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);

  const record = await bridge.record('nowhere/app:v1');
  expect(record).toMatchObject({ state: 'removed', reason: 'gone' });
  expect(record?.dueOn).toBeUndefined();
});
