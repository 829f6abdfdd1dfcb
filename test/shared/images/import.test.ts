import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  artifact,
  buildCache,
  image,
  index,
  type OciManifest,
  ociArtifact,
} from '../../../infra/local/oci-image.ts';
import { handleEvent } from '../../../shared/images/receive.ts';
import { type Bridge, deleteEvent, pushEvent, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;
let coder: Bridge['cloud']['standIns']['coder'];
let topic: string;

beforeAll(async () => {
  bridge = await startBridge();
  ({ coder } = bridge.cloud.standIns);
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
    await bridge.deleteManifest('life/app', digest);

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

describe('an index that does not tell what its images are for', () => {
  const unnamed = ({ platform: _, ...manifest }: OciManifest): OciManifest => manifest;
  const labelled = image({ content: 'labelled', labels: { 'com.coder.cpu-cores': '7' } });
  const windows = image({ content: 'win', platform: 'windows/amd64' });

  test.each([
    ['has no platforms', 'unnamed', index([unnamed(windows), unnamed(labelled)])],
    ['holds an index', 'nested', index([index([windows, labelled])])],
    ['holds an index of indexes', 'deep', index([index([index([unnamed(labelled)])])])],
  ])('because it %s is read one level down', async (_, name, manifest) => {
    const digest = await bridge.push(`index/${name}:v1`, manifest);

    await bridge.pushed(`index/${name}:v1`);

    expect(await bridge.record(`index/${name}:v1`)).toMatchObject({ state: 'imported', digest });
    expect(coder.state().images.at(-1)).toMatchObject({ default_cpu_cores: 7 });
  });

  test('costs a bounded number of requests, however many children it has', async () => {
    const children = Array.from({ length: 60 }, (_, i) =>
      unnamed(image({ content: `child ${i}`, platform: 'windows/amd64' })),
    );
    await bridge.push('index/many:v1', index(children));
    const { requests } = bridge.cloud.standIns.registry;
    requests.clear();

    await bridge.pushed('index/many:v1');

    expect(requests.all().filter(({ path }) => /\/(manifests|blobs)\//.test(path)).length).toBeLessThan(50);
  });
});

test('an image for Windows is imported where workspaces run on it', async () => {
  const digest = await bridge.push('allowed/win:v1', image({ platform: 'windows/amd64' }));
  const services = bridge.anotherInstance({ IMPORT_PLATFORMS: 'linux,windows' });

  await bridge.pushed('allowed/win:v1', { services });

  expect(await bridge.record('allowed/win:v1')).toMatchObject({ state: 'imported', digest });
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
    ['an OCI artifact that ACR hides', 'artifact:v1', ociArtifact('application/x.sbom'), 'not-an-image'],
    ['a build cache', 'cache:v1', buildCache(), 'build-cache'],
    ['a model', 'model:v1', image({ layerMediaType: 'application/vnd.ollama.image.model' }), 'not-runnable'],
    ['an image for Windows', 'win:v1', image({ platform: 'windows/amd64' }), 'no-runnable-platform'],
    [
      'an index for Windows',
      'wins:v1',
      index([image({ platform: 'windows/amd64' }), image({ platform: 'windows/arm64' })]),
      'no-runnable-platform',
    ],
    [
      'an index for WebAssembly',
      'wasm:v1',
      index([image({ platform: 'wasi/wasm' })]),
      'no-runnable-platform',
    ],
    ['a signature', `app:sha256-${'a'.repeat(64)}.sig`, artifact({}), 'excluded'],
  ])('%s', async (_, name, manifest, reason) => {
    await bridge.push(`odd/${name}`, manifest);
    const before = coder.requests.all().length;

    await bridge.pushed(`odd/${name}`);

    const { digest } = manifest;
    expect(await bridge.record(`odd/${name}`)).toMatchObject({
      state: 'skipped',
      reason,
      ...(reason !== 'excluded' && { digest }),
    });
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
