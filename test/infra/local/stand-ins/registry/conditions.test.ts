import { ContainerRegistryClient } from '@azure/container-registry';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildCache, image, index, ociArtifact } from '../../../../../infra/local/oci-image.ts';
import { startTestRegistry, type TestRegistry } from './fixture.ts';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const ARTIFACT = 'application/vnd.oci.artifact.manifest.v1+json';

let fixture: TestRegistry;

beforeAll(async () => {
  fixture = await startTestRegistry();
});
afterEach(async () => {
  for (const name of ['locks', 'network', 'lag']) await steer('DELETE', name);
});
afterAll(() => fixture.registry.close());

async function steer(method: 'POST' | 'DELETE', name: string, body?: object): Promise<number> {
  const init = { method, ...(body && { body: JSON.stringify(body) }) };
  return (await fetch(`${fixture.registry.url}/_stand-in/${name}`, init)).status;
}

async function pull(path: string, accept = `${OCI_MANIFEST}, ${OCI_INDEX}`) {
  const answer = await fixture.call(`/v2/${path}`, { headers: { accept } });
  const body = await answer.json();
  return { status: answer.status, digest: answer.headers.get('docker-content-digest'), body };
}

async function put(path: string, body: string | object, mediaType = OCI_MANIFEST) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fixture.call(`/v2/${path}`, {
    ...{ method: 'PUT', body: text, headers: { 'content-type': mediaType } },
  });
  return { status: answer.status, text: await answer.text() };
}

describe('what is taken', () => {
  test('a build cache of BuildKit, an index whose children are blobs', async () => {
    await fixture.push('odd/cache', buildCache(), 'v1');

    expect(await pull('odd/cache/manifests/v1')).toMatchObject({ status: 200 });
  });

  test('`null` in place of what need not be there', async () => {
    const child = image();
    await fixture.push('odd/null', child);
    const platform = { os: 'linux', architecture: 'amd64', variant: null };
    const size = child.content.length;
    const described = { mediaType: OCI_MANIFEST, digest: child.digest, size, platform, annotations: null };
    const nothing = { artifactType: null, subject: null, annotations: null };
    const withNulls = { schemaVersion: 2, mediaType: OCI_INDEX, ...nothing, manifests: [described] };

    expect((await put('odd/null/manifests/v1', withNulls, OCI_INDEX)).status).toBe(201);
    const childWithNulls = { ...JSON.parse(child.content.toString()), ...nothing };
    expect((await put('odd/null/manifests/v2', childWithNulls)).status).toBe(201);
  });

  test('no index before its images', async () => {
    const child = image({ content: 'missing' });
    const { digest, content } = child;
    const manifests = [{ mediaType: OCI_MANIFEST, digest, size: content.length }];

    const answer = await put('odd/early/manifests/v1', { schemaVersion: 2, manifests }, OCI_INDEX);

    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('MANIFEST_BLOB_UNKNOWN') });
  });

  test('no manifest of more than 4 MiB', async () => {
    const { content } = image();
    await fixture.push('odd/large', image());
    const padded = (size: number) => {
      const text = content.toString();
      return text + ' '.repeat(size - text.length);
    };

    expect((await put('odd/large/manifests/v1', padded(4 * 1024 * 1024))).status).toBe(201);
    expect(await put('odd/large/manifests/v1', padded(4 * 1024 * 1024 + 1))).toMatchObject({
      ...{ status: 413, text: expect.stringContaining('MANIFEST_INVALID') },
    });
  });

  test.each([
    ['application/vnd.docker.distribution.manifest.v1+prettyjws', {}],
    ['application/vnd.docker.distribution.manifest.v1+json', {}],
    ['application/json', { schemaVersion: 1, fsLayers: [] }],
  ])('no manifest of schema 1, as %s', async (mediaType, manifest) => {
    const answer = await put('odd/old/manifests/v1', manifest, mediaType);

    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('MANIFEST_INVALID') });
  });
});

test('an OCI artifact manifest is shown only to a client that accepts it', async () => {
  const pushed = ociArtifact('application/vnd.example.sbom');
  await fixture.push('odd/artifact', pushed, 'v1');

  const hidden = await pull('odd/artifact/manifests/v1');
  const shown = await pull('odd/artifact/manifests/v1', ARTIFACT);

  expect(hidden).toMatchObject({ status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } });
  expect(JSON.stringify(hidden.body)).toContain('accept header does not support OCI artifacts');
  expect(shown).toMatchObject({ status: 200, digest: pushed.digest });
});

test('the repositories of an empty registry are `null`', async () => {
  const empty = await startTestRegistry();
  for (const path of ['/v2/_catalog', '/acr/v1/_catalog']) {
    expect(await (await empty.call(path)).json()).toEqual({ repositories: null });
  }
  await empty.registry.close();
});

describe('a lock', () => {
  test.each([
    ['the tag', 'v1'],
    ['the repository', undefined],
  ])('on reading %s forbids it until it is taken off', async (_, reference) => {
    await fixture.push('locked/read', image(), 'v1');
    await fixture.push('locked/other', image(), 'v1');
    expect(await steer('POST', 'locks', { repository: 'locked/read', reference, readEnabled: false })).toBe(
      201,
    );

    expect(await pull('locked/read/manifests/v1')).toMatchObject({
      status: 405,
      body: { errors: [{ code: 'REGISTRY_DISALLOWED_OPERATION' }] },
    });
    expect((await pull('locked/other/manifests/v1')).status).toBe(200);
    const tag = await (await fixture.call('/acr/v1/locked%2Fread/_tags/v1')).json();
    expect(tag).toMatchObject({ tag: { changeableAttributes: { readEnabled: false, writeEnabled: true } } });

    await steer('DELETE', 'locks');
    expect((await pull('locked/read/manifests/v1')).status).toBe(200);
  });

  test('on writing and deleting forbids both', async () => {
    const pushed = image({ content: 'kept' });
    await fixture.push('locked/write', pushed, 'v1');
    const lock = { repository: 'locked/write', writeEnabled: false, deleteEnabled: false };
    await steer('POST', 'locks', lock);

    expect((await put('locked/write/manifests/v1', pushed.content.toString())).status).toBe(405);
    for (const path of [
      `/v2/locked/write/manifests/${pushed.digest}`,
      '/acr/v1/locked%2Fwrite/_tags/v1',
      '/acr/v1/locked%2Fwrite',
    ]) {
      expect((await fixture.call(path, { method: 'DELETE' })).status, path).toBe(405);
    }
  });

  test('on listing hides a tag, or a repository', async () => {
    await fixture.push('locked/list', image(), 'v1');
    await fixture.push('locked/list', image({ content: 'two' }), 'v2');
    await steer('POST', 'locks', { repository: 'locked/list', reference: 'v1', listEnabled: false });
    const names = async (path: string) => JSON.stringify(await (await fixture.call(path)).json());

    expect(await names('/v2/locked/list/tags/list')).toContain('["v2"]');
    expect(await names('/acr/v1/locked%2Flist/_tags')).not.toContain('"v1"');
    await steer('POST', 'locks', { repository: 'locked/list', listEnabled: false });
    expect(await names('/acr/v1/_catalog?n=1000')).not.toContain('locked/list');
    expect(await names('/v2/_catalog?n=1000')).not.toContain('locked/list');
  });

  test('that says anything else is refused', async () => {
    expect(await steer('POST', 'locks', { readEnabled: false })).toBe(400);
    expect(await steer('POST', 'locks', { repository: 'a', reedEnabled: false })).toBe(400);
  });
});

test('an image in quarantine is unknown by its tag, and disallowed by its digest', async () => {
  const { digest, ...pushed } = image({ content: 'suspect' });
  await fixture.push('quarantine/app', { ...pushed, digest }, 'v1');
  await steer('POST', 'locks', { repository: 'quarantine/app', reference: 'v1', quarantined: true });
  await steer('POST', 'locks', { repository: 'quarantine/app', reference: digest, quarantined: true });

  expect((await pull('quarantine/app/manifests/v1')).status).toBe(404);
  expect((await pull(`quarantine/app/manifests/${digest}`)).status).toBe(405);
});

test('network rules that deny everyone answer 403 on every path, until they are taken back', async () => {
  await steer('POST', 'network', { defaultAction: 'Deny' });

  for (const path of ['/v2/', '/oauth2/token', '/acr/v1/_catalog']) {
    const answer = await fetch(fixture.registry.url + path);
    expect(answer.status, path).toBe(403);
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'DENIED' }] });
  }
  await steer('DELETE', 'network');
  expect((await fixture.call('/v2/')).status).toBe(200);
});

describe('a replica that lags', () => {
  test('shows a tag that moved with its old digest, and none that is new', async () => {
    const old = image({ content: 'old' });
    const fresh = image({ content: 'fresh' });
    await fixture.push('lag/app', old, 'v1');
    await steer('POST', 'lag');
    await fixture.push('lag/app', index([fresh]), 'v1');
    await fixture.push('lag/app', fresh, 'v2');
    await fixture.push('lag/new', fresh, 'v1');

    expect(await pull('lag/app/manifests/v1')).toMatchObject({ status: 200, digest: old.digest });
    expect((await pull('lag/app/manifests/v2')).status).toBe(404);
    expect((await pull(`lag/app/manifests/${fresh.digest}`)).status).toBe(404);
    expect((await pull('lag/new/manifests/v1')).status).toBe(404);
    expect(await listed('lag/app')).toEqual([['v1', old.digest]]);
    expect(await repositories()).not.toContain('lag/new');

    await steer('DELETE', 'lag');
    expect(await pull('lag/app/manifests/v2')).toMatchObject({ status: 200, digest: fresh.digest });
    expect(await listed('lag/app')).toEqual([
      ['v1', index([fresh]).digest],
      ['v2', fresh.digest],
    ]);
    expect(await repositories()).toContain('lag/new');
  });

  test('shows what was deleted, and may lag in one repository only', async () => {
    const { digest, ...pushed } = image({ content: 'deleted' });
    await fixture.push('lag/one', { ...pushed, digest }, 'v1');
    await fixture.push('lag/two', { ...pushed, digest }, 'v1');
    await steer('POST', 'lag', { repository: 'lag/one' });
    for (const repository of ['lag/one', 'lag/two']) {
      const path = `/v2/${repository}/manifests/${digest}`;
      expect((await fixture.call(path, { method: 'DELETE' })).status).toBe(202);
    }

    expect((await pull('lag/one/manifests/v1')).status).toBe(200);
    expect((await pull('lag/two/manifests/v1')).status).toBe(404);
    expect(await repositories()).toContain('lag/one');
  });

  async function listed(repository: string): Promise<[string, string][]> {
    const artifact = client().getArtifact(repository, 'any');
    const tags: [string, string][] = [];
    for await (const { name, digest } of artifact.listTagProperties()) tags.push([name, digest]);
    return tags;
  }

  async function repositories(): Promise<string[]> {
    const names: string[] = [];
    for await (const name of client().listRepositoryNames()) names.push(name);
    return names;
  }

  function client() {
    return new ContainerRegistryClient(fixture.registry.url, fixture.credential('owner'), {
      audience: 'https://containerregistry.azure.net',
    });
  }
});
