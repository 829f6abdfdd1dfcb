import { ContainerRegistryClient } from '@azure/container-registry';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../../../../infra/local/oci-image.ts';
import { startTestRegistry, type TestRegistry } from './fixture.ts';

const TAGS = numbered('v', 250);
const REPOSITORIES = [...numbered('team/app', 118), 'large', 'tagged'].sort();
const LARGE = numbered('t', 1_100);
const BASE = image();

let fixture: TestRegistry;
let client: ContainerRegistryClient;

beforeAll(async () => {
  fixture = await startTestRegistry();
  client = new ContainerRegistryClient(fixture.registry.url, fixture.credential('owner'));
  for (const name of REPOSITORIES) await fixture.push(name, BASE, 'base');
  await putManifest('team/app0001', 'next', BASE.content);
  await atOnce(TAGS, tag => putManifest('tagged', tag, BASE.content));
  await atOnce(LARGE, tag => putManifest('large', tag, withAnnotation(tag)));
  for (const name of ['tagged', 'large'])
    await fixture.call(`/acr/v1/${name}/_tags/base`, { method: 'DELETE' });
});
afterAll(() => fixture.registry.close());

/** The given number of names, in alphabetical order. */
function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(4, '0')}`);
}

/** Fifty at a time, as many clients would. */
async function atOnce<T>(items: T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < items.length; i += 50) await Promise.all(items.slice(i, i + 50).map(work));
}

async function putManifest(repository: string, tag: string, content: Buffer): Promise<void> {
  const { status } = await fixture.call(`/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { 'content-type': BASE.mediaType },
    body: content,
  });
  expect(status).toBe(201);
}

/** Another manifest of the same blobs. */
function withAnnotation(text: string): Buffer {
  return Buffer.from(JSON.stringify({ ...JSON.parse(BASE.content.toString()), annotations: { text } }));
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const pagesOf = (count: number, size: number) =>
  Array.from({ length: Math.ceil(count / size) }, (_, i) => Math.min(size, count - i * size));

/** What ACR gives with each number that a client may ask for. */
const SIZES: [asked: number | undefined, given: number][] = [
  [undefined, 100],
  [1_000, 1_000],
  [5_000, 1_000],
  [100, 100],
  [50, 50],
  [7, 7],
];
const paging = (asked: number | undefined) => (asked === undefined ? {} : { maxPageSize: asked });

describe('the official client', () => {
  test.each(SIZES)('gets every tag once, in pages of %s', async (asked, given) => {
    const tags = client.getArtifact('tagged', 'any').listTagProperties();
    const pages = await all(tags.byPage(paging(asked)));

    expect(pages.map(page => page.length)).toEqual(pagesOf(TAGS.length, given));
    expect(pages.flat().map(({ name }) => name)).toEqual(TAGS);
  });

  test.each(SIZES)('gets every repository once, in pages of %s', async (asked, given) => {
    const pages = await all(client.listRepositoryNames().byPage(paging(asked)));

    expect(pages.map(page => page.length)).toEqual(pagesOf(REPOSITORIES.length, given));
    expect(pages.flat()).toEqual(REPOSITORIES);
  });

  test('gets tags by time over several pages', async () => {
    for (const tag of ['old', 'middle', 'new']) {
      fixture.clock.now = new Date(fixture.clock.now.getTime() + 60_000);
      await putManifest('team/app0000', tag, BASE.content);
    }
    const tags = client
      .getArtifact('team/app0000', 'any')
      .listTagProperties({ order: 'LastUpdatedOnDescending' });
    const pages = await all(tags.byPage({ maxPageSize: 3 }));

    expect(pages.map(page => page.map(({ name }) => name))).toEqual([['new', 'middle', 'old'], ['base']]);
  });

  test('lists thousands of tags without delay, and as many manifests', async () => {
    const repository = client.getRepository('large');
    const startedAt = performance.now();
    const tags = await all(repository.getArtifact('any').listTagProperties());
    const tagsAt = performance.now();
    const manifests = await all(repository.listManifestProperties());

    expect(tags.map(({ name }) => name)).toEqual(LARGE);
    expect(manifests).toHaveLength(LARGE.length + 1);
    expect(tagsAt - startedAt).toBeLessThan(1_000);
  });
});

describe('the Link of a page', () => {
  test.each([
    ['/acr/v1/_catalog?api-version=2021-07-01&n=2', '/acr/v1/_catalog?last=tagged&n=2&orderby='],
    ['/acr/v1/_catalog', '/acr/v1/_catalog?last=team%2Fapp0097&n=100&orderby='],
    ['/acr/v1/tagged/_tags?n=3&orderby=timeasc', '/acr/v1/tagged/_tags?last=v0002&n=3&orderby=timeasc'],
    ['/acr/v1/team%2Fapp0001/_tags?n=1', '/acr/v1/team/app0001/_tags?last=base&n=1&orderby='],
    [
      `/acr/v1/tagged/_tags?n=3&last=v0000&digest=${BASE.digest}`,
      `/acr/v1/tagged/_tags?last=v0003&n=3&orderby=&digest=${encodeURIComponent(BASE.digest)}`,
    ],
    ['/v2/_catalog?n=2', '/v2/_catalog?last=tagged&n=2'],
    ['/v2/tagged/tags/list', '/v2/tagged/tags/list?last=v0099&n=100'],
    ['/acr/v1/tagged/_tags?last=v0249', undefined],
  ])('%s', async (path, link) => {
    const answer = await fixture.call(path);
    expect(answer.headers.get('link')).toBe(link === undefined ? null : `<${link}>; rel="next"`);
  });
});

describe('a repository', () => {
  const listTags = async (repository: string) => {
    const answer = await fixture.call(`/acr/v1/${repository}/_tags`);
    return { status: answer.status, body: (await answer.json()) as object };
  };
  const clientTags = (repository: string) => all(client.getArtifact(repository, 'any').listTagProperties());

  test('without tags has no list of them, which the official client takes for none', async () => {
    await fixture.push('untagged', BASE);

    const { status, body } = await listTags('untagged');
    expect([status, body]).toEqual([200, { registry: fixture.registry.loginServer, imageName: 'untagged' }]);
    expect(await clientTags('untagged')).toEqual([]);
  });

  test('whose last manifest was deleted is unknown', async () => {
    await fixture.push('deleted', BASE, 'v1');
    expect((await listTags('deleted')).status).toBe(200);
    await fixture.call(`/v2/deleted/manifests/${BASE.digest}`, { method: 'DELETE' });

    expect(await listTags('deleted')).toMatchObject({
      status: 404,
      body: { errors: [{ code: 'NAME_UNKNOWN' }] },
    });
    await expect(clientTags('deleted')).rejects.toMatchObject({ statusCode: 404 });
    expect(await all(client.listRepositoryNames())).not.toContain('deleted');
  });
});
