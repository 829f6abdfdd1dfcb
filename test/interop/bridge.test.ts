import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Environment, startEnvironment } from '../../infra/local/environment.ts';
import { artifact, image, index, type OciManifest } from '../../infra/local/oci-image.ts';
import { addSampleRegistry } from '../../infra/local/sample.ts';
import { testTls } from '../support/bridge.ts';
import { type Distribution, startDistribution } from './distribution.ts';
import { contentsOf, readLayout, writeLayout } from './oci-layout.ts';
import { createSkopeo, type Skopeo } from './skopeo.ts';

/** What Coder and the bridge list of an image or a tag, as far as it matters here. */
interface CoderImage {
  id: string;
  repository: string;
  description: string;
  default_tag: { tag: string };
}
interface CoderTag {
  tag: string;
  latest_hash: string;
}
interface BridgeImage {
  repository: string;
  tag: string;
  state: string;
  reason: string;
  digest?: string;
}

/** How long a push may take to arrive before the test fails. */
const PATIENCE = { timeout: 20_000, interval: 50 };

const HELM_CHART = artifact({
  configMediaType: 'application/vnd.cncf.helm.config.v1+json',
  layerMediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
});

/** Where cosign keeps the signature of an image. */
function signatureTag({ digest }: OciManifest): string {
  return `${digest.replace(':', '-')}.sig`;
}

describe.each(['memory', 'a distribution registry'])('what skopeo pushes to a registry in %s', kept => {
  let folder: string;
  let upstream: Distribution | undefined;
  let environment: Environment;
  let skopeo: Skopeo;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bridge-'));
    if (kept !== 'memory') upstream = await startDistribution();
    const tls = await testTls();
    environment = await startEnvironment({ tls, registryUpstream: upstream?.url });
    skopeo = createSkopeo(environment.cloud.standIns.registry.loginServer, tls);
    await addSampleRegistry(environment);
  });
  afterAll(async () => {
    await environment?.close();
    await upstream?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function push(reference: string, manifest: OciManifest): Promise<void> {
    const layout = await mkdtemp(join(folder, 'layout-'));
    await writeLayout(layout, manifest);
    await skopeo.push(layout, reference, environment.cloud.registry.pusher);
  }

  async function askCoder<T>(path: string): Promise<T> {
    const { coder, standIns } = environment.cloud;
    const headers = { 'session-token': coder.token };
    return (await (await fetch(`${standIns.coder.url}/api/v0/${path}`, { headers })).json()) as T;
  }

  /** The images that Coder offers of a repository, and the digest behind each of their tags. */
  async function inCoder(repository: string) {
    const images = await askCoder<CoderImage[]>('images?workspaces=false');
    const found = images.filter(candidate => candidate.repository === repository);
    return Promise.all(
      found.map(async ({ id, description, default_tag }) => {
        const tags = await askCoder<CoderTag[]>(`images/${id}/tags`);
        const digests = Object.fromEntries(tags.map(({ tag, latest_hash }) => [tag, latest_hash]));
        return { id, description, defaultTag: default_tag.tag, digests };
      }),
    );
  }

  /** What the bridge says of a repository, by tag. */
  async function inBridge(repository: string) {
    const { cloud, host, keys } = environment;
    const response = await fetch(`${host.url}/api/images?registry=${cloud.registry.name}`, {
      headers: { 'x-functions-key': keys.host },
    });
    const { items } = (await response.json()) as { items: BridgeImage[] };
    const found = items.filter(item => item.repository === repository);
    return Object.fromEntries(
      found.map(({ tag, state, reason, digest }) => [tag, { state, reason, digest }]),
    );
  }

  /** Waits until the bridge has acknowledged every event so far; what it has not done by then, it will not do. */
  async function everyEventIsHandled(): Promise<void> {
    const { eventGrid } = environment.cloud.standIns;
    await expect
      .poll(() => eventGrid.deliveries().filter(({ state }) => state !== 'delivered'), PATIENCE)
      .toEqual([]);
  }

  test('is offered by Coder soon after, and the bridge says so', async () => {
    const pushed = image({ labels: { 'org.opencontainers.image.description': 'Go tools' } });
    await push('team/offered:v1', pushed);

    await expect
      .poll(() => inCoder('team/offered'), PATIENCE)
      .toEqual([
        { id: expect.any(String), description: 'Go tools', defaultTag: 'v1', digests: { v1: pushed.digest } },
      ]);
    await expect
      .poll(() => inBridge('team/offered'), PATIENCE)
      .toEqual({
        v1: { state: 'imported', reason: 'image-created', digest: pushed.digest },
      });
  });

  test('is refreshed when the tag moves', async () => {
    const [first, second] = [image({ content: 'first' }), image({ content: 'second' })];
    await push('team/moved:latest', first);
    await everyEventIsHandled();
    const [before] = await inCoder('team/moved');
    await push('team/moved:latest', second);
    await everyEventIsHandled();

    expect(before?.digests).toEqual({ latest: first.digest });
    expect(await inCoder('team/moved')).toEqual([{ ...before, digests: { latest: second.digest } }]);
    expect(await inBridge('team/moved')).toEqual({
      latest: { state: 'imported', reason: 'tag-refreshed', digest: second.digest },
    });
  });

  test('becomes a further tag of the image that Coder has', async () => {
    const [first, second] = [image({ content: 'first' }), image({ content: 'second' })];
    await push('team/tagged:v1', first);
    await everyEventIsHandled();
    const [before] = await inCoder('team/tagged');
    await push('team/tagged:v2', second);
    await everyEventIsHandled();

    expect(before?.digests).toEqual({ v1: first.digest });
    expect(await inCoder('team/tagged')).toEqual([
      { ...before, digests: { v1: first.digest, v2: second.digest } },
    ]);
    expect(await inBridge('team/tagged')).toEqual({
      v1: { state: 'imported', reason: 'image-created', digest: first.digest },
      v2: { state: 'imported', reason: 'tag-added', digest: second.digest },
    });
  });

  test('is imported once, by the digest of its index, when it is for many platforms', async () => {
    const platforms = ['linux/amd64', 'linux/arm64'];
    const whole = index(platforms.map(platform => image({ platform, content: 'many' })));
    await push('team/many:v1', whole);
    await everyEventIsHandled();

    expect(await inCoder('team/many')).toMatchObject([{ digests: { v1: whole.digest } }]);
    expect(await inBridge('team/many')).toEqual({
      v1: { state: 'imported', reason: 'image-created', digest: whole.digest },
    });
  });

  test.each([
    ['a signature', signatureTag(image()), image({ content: 'signature' }), 'excluded'],
    ['a Helm chart', '1.0.0', HELM_CHART, 'not-an-image'],
  ])('is left alone when it is %s', async (_, tag, manifest, reason) => {
    const repository = `team/${reason}`;
    await push(`${repository}:${tag}`, manifest);
    await everyEventIsHandled();

    expect(await inCoder(repository)).toEqual([]);
    expect(await inBridge(repository)).toMatchObject({ [tag]: { state: 'skipped', reason } });
  });

  test('can be pulled, and not pushed, with the credential that Coder was given', async () => {
    const pushed = index([image({ content: 'pulled' })]);
    await push('team/pulled:v1', pushed);
    await everyEventIsHandled();
    const [registry, ...others] = environment.cloud.standIns.coder.state().registries;
    const login = registry?.credential ?? { username: '', password: '' };
    const back = join(folder, 'back');
    await skopeo.pull('team/pulled:v1', back, login);

    expect(others).toEqual([]);
    expect(registry?.registry).toBe(environment.cloud.standIns.registry.loginServer);
    expect(await readLayout(back, pushed)).toEqual(contentsOf(pushed));
    await expect(skopeo.push(back, 'team/pulled:v2', login)).rejects.toThrow('denied');
  });
});
