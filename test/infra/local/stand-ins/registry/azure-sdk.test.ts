import {
  type ArtifactManifestProperties,
  ContainerRegistryClient,
  ContainerRegistryContentClient,
} from '@azure/container-registry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { artifact, image, index } from '../../../../../infra/local/oci-image.ts';
import { startTestRegistry, type TestRegistry } from './fixture.ts';

let fixture: TestRegistry;
let client: ContainerRegistryClient;

beforeEach(async () => {
  fixture = await startTestRegistry();
  client = new ContainerRegistryClient(fixture.registry.url, fixture.credential('owner'));
});
afterEach(() => fixture.registry.close());

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Moves the clock before each push, so that times differ. */
async function pushLater(content: string, tag: string): Promise<void> {
  fixture.clock.now = new Date(fixture.clock.now.getTime() + 60_000);
  await fixture.push('team/app', image({ content }), tag);
}

describe('ContainerRegistryClient', () => {
  test('lists repositories and tags over several pages', async () => {
    for (const name of ['c', 'a/b', 'b']) await fixture.push(name, image(), 'v1');
    await pushLater('one', 'b');
    await pushLater('two', 'a');
    await pushLater('three', 'c');
    const names: string[] = [];
    for await (const page of client.listRepositoryNames().byPage({ maxPageSize: 3 })) names.push(...page);
    const tags = client.getArtifact('team/app', 'a');

    expect(names).toEqual(['a/b', 'b', 'c', 'team/app']);
    expect((await all(tags.listTagProperties())).map(tag => tag.name)).toEqual(['a', 'b', 'c']);
    const newestFirst = tags.listTagProperties({ order: 'LastUpdatedOnDescending' });
    const pages = newestFirst.byPage({ maxPageSize: 2 });
    expect((await all(pages)).map(page => page.map(tag => tag.name))).toEqual([['c', 'a'], ['b']]);
  });

  test('describes repositories, tags and manifests', async () => {
    const children = [image(), image({ platform: 'linux/arm64' })];
    const whole = index(children);
    await fixture.push('team/app', whole, 'v1');
    const repository = client.getRepository('team/app');
    const properties = await repository.getProperties();
    const tag = await client.getArtifact('team/app', 'v1').getTagProperties('v1');
    const manifests = await all(repository.listManifestProperties());
    const arm = await client.getArtifact('team/app', children[1]?.digest ?? '').getManifestProperties();

    expect(properties).toMatchObject({ name: 'team/app', manifestCount: 3, tagCount: 1 });
    expect(tag).toMatchObject({ name: 'v1', digest: whole.digest, createdOn: fixture.clock.now });
    expect(manifests.map(manifest => manifest.digest)).toEqual(
      [whole, ...children].map(manifest => manifest.digest).sort(),
    );
    expect(arm).toMatchObject({ architecture: 'arm64', operatingSystem: 'linux', tags: [] });
    const found = manifests.find((manifest: ArtifactManifestProperties) => manifest.digest === whole.digest);
    expect(found?.tags).toEqual(['v1']);
    expect(found?.relatedArtifacts.map(related => related.digest)).toEqual(
      children.map(child => child.digest),
    );
  });

  test('untags, and deletes manifests and repositories', async () => {
    await pushLater('one', 'v1');
    await pushLater('two', 'v2');
    const repository = client.getRepository('team/app');

    await repository.getArtifact('v1').deleteTag('v1');
    expect(await repository.getProperties()).toMatchObject({ manifestCount: 2, tagCount: 1 });
    await repository.getArtifact('v2').delete();
    expect(await repository.getProperties()).toMatchObject({ manifestCount: 1, tagCount: 0 });
    await repository.delete();
    await expect(repository.getProperties()).rejects.toMatchObject({ statusCode: 404 });
  });

  test('is refused what the identity may not do', async () => {
    await fixture.push('team/app', image(), 'v1');
    const puller = new ContainerRegistryClient(fixture.registry.url, fixture.credential('puller'));
    const stranger = new ContainerRegistryClient(fixture.registry.url, fixture.credential('stranger'));

    expect(await all(puller.listRepositoryNames())).toEqual(['team/app']);
    await expect(puller.deleteRepository('team/app')).rejects.toMatchObject({ statusCode: 401 });
    await expect(all(stranger.listRepositoryNames())).rejects.toMatchObject({ statusCode: 401 });
  });
});

describe('ContainerRegistryContentClient', () => {
  test('pushes and pulls manifests and blobs', async () => {
    const content = new ContainerRegistryContentClient(
      fixture.registry.url,
      'team/chart',
      fixture.credential('owner'),
    );
    const chart = artifact({ configMediaType: 'application/vnd.cncf.helm.config.v1+json', content: 'chart' });
    for (const blob of chart.blobs) await content.uploadBlob(blob.content);
    await content.setManifest(chart.content, { tag: '1.0.0' });
    const { digest, manifest } = await content.getManifest('1.0.0');
    const blob = await content.downloadBlob(chart.blobs[1]?.digest ?? '');
    const chunks = await all(blob.content as AsyncIterable<Buffer>);

    expect(digest).toBe(chart.digest);
    expect(manifest).toMatchObject({ config: { mediaType: 'application/vnd.cncf.helm.config.v1+json' } });
    expect(Buffer.concat(chunks).toString()).toBe('chart');
    await content.deleteManifest(digest);
    await expect(content.getManifest('1.0.0')).rejects.toMatchObject({ statusCode: 404 });
  });
});
