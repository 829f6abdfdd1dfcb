import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../../../../infra/local/digest.ts';
import { artifact, image, index, type OciManifest } from '../../../../../infra/local/oci-image.ts';
import { accessToken, PULL_TOKEN, startTestRegistry, type TestRegistry } from './fixture.ts';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const MISSING = `sha256:${'0'.repeat(64)}`;

let fixture: TestRegistry;

beforeAll(async () => {
  fixture = await startTestRegistry();
});
afterAll(() => fixture.registry.close());

function configOf(manifest: OciManifest) {
  const [config] = manifest.blobs;
  if (!config) throw new Error('an image has a config');
  return config;
}

describe('a manifest', () => {
  test('is pulled by tag and by digest exactly as it was pushed', async () => {
    const pushed = image({ content: 'as pushed', labels: { a: 'b' } });
    await fixture.push('team/app', pushed, 'v1');

    for (const path of [
      'team/app/manifests/v1',
      `team%2Fapp/manifests/${encodeURIComponent(pushed.digest)}`,
    ]) {
      const init = { headers: { accept: OCI_MANIFEST } };
      const head = await fixture.call(`/v2/${path}`, { ...init, method: 'HEAD' });
      const get = await fixture.call(`/v2/${path}`, init);
      expect(Buffer.from(await get.arrayBuffer())).toEqual(pushed.content);
      for (const { headers } of [head, get]) {
        expect(headers.get('docker-content-digest')).toBe(pushed.digest);
        expect(headers.get('content-type')).toBe(OCI_MANIFEST);
        expect(headers.get('content-length')).toBe(String(pushed.content.length));
      }
    }
  });

  test('in OCI format is hidden from a client that does not accept it', async () => {
    const child = image({ content: 'hidden' });
    await fixture.push('hidden', index([child]), 'v1');
    const code = async (reference: string, accept: string) => {
      const answer = await fixture.call(`/v2/hidden/manifests/${reference}`, { headers: { accept } });
      return answer.status === 200
        ? 'OK'
        : ((await answer.json()) as { errors: [{ message: string }] }).errors;
    };

    expect(await code('v1', OCI_MANIFEST)).toMatchObject([
      { code: 'MANIFEST_UNKNOWN', message: expect.stringContaining('OCI index found') },
    ]);
    expect(await code(child.digest, '*/*')).toMatchObject([
      { code: 'MANIFEST_UNKNOWN', message: expect.stringContaining('OCI manifest found') },
    ]);
    expect(await code('v1', `${OCI_MANIFEST}, ${OCI_INDEX}`)).toBe('OK');
  });

  test('takes its tags along when it is deleted, and is deleted by digest only', async () => {
    const pushed = image({ content: 'to delete' });
    await fixture.push('deleted', pushed, 'v1');
    const status = async (method: string, reference: string) =>
      (
        await fixture.call(`/v2/deleted/manifests/${reference}`, {
          method,
          headers: { accept: OCI_MANIFEST },
        })
      ).status;

    expect(await status('DELETE', 'v1')).toBe(405);
    expect(await status('DELETE', pushed.digest)).toBe(202);
    expect(await status('GET', 'v1')).toBe(404);
    expect(await status('DELETE', pushed.digest)).toBe(404);
    expect((await fixture.call('/v2/deleted/tags/list')).status).toBe(404);
  });
});

describe('errors', () => {
  const good = image({ content: 'errors' });
  beforeAll(() => fixture.push('errors', good, 'v1'));

  const orphan = image({ content: 'never pushed' }).content.toString();
  test.each([
    ['GET', '/v2/errors/manifests/v9', undefined, 404, 'MANIFEST_UNKNOWN'],
    ['GET', '/v2/nothing/manifests/v1', undefined, 404, 'MANIFEST_UNKNOWN'],
    ['GET', '/v2/nothing/tags/list', undefined, 404, 'NAME_UNKNOWN'],
    ['GET', '/v2/Errors/manifests/v1', undefined, 400, 'NAME_INVALID'],
    ['GET', `/v2/errors/blobs/${MISSING}`, undefined, 404, 'BLOB_UNKNOWN'],
    ['DELETE', `/v2/errors/blobs/${MISSING}`, undefined, 404, 'BLOB_UNKNOWN'],
    ['PUT', '/v2/errors/manifests/-v1', good.content.toString(), 400, 'TAG_INVALID'],
    ['PUT', `/v2/errors/manifests/${MISSING}`, good.content.toString(), 400, 'DIGEST_INVALID'],
    ['PUT', '/v2/errors/manifests/v2', 'not JSON', 400, 'MANIFEST_INVALID'],
    ['PUT', '/v2/errors/manifests/v2', orphan, 400, 'MANIFEST_BLOB_UNKNOWN'],
    ['POST', `/v2/errors/blobs/uploads/?digest=${MISSING}`, 'other', 400, 'DIGEST_INVALID'],
    ['PATCH', '/v2/errors/blobs/uploads/none', 'x', 404, 'BLOB_UPLOAD_UNKNOWN'],
    ['GET', '/acr/v1/nothing', undefined, 404, 'NAME_UNKNOWN'],
    ['GET', '/acr/v1/errors/_tags/v9', undefined, 404, 'TAG_UNKNOWN'],
    ['GET', `/acr/v1/errors/_manifests/${MISSING}`, undefined, 404, 'MANIFEST_UNKNOWN'],
  ])('%s %s answers %4$i %5$s', async (method, path, body, status, code) => {
    const answer = await fixture.call(path, { method, ...(body === undefined ? {} : { body }) });

    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ errors: [{ code, message: expect.any(String) }] });
  });
});

describe('a blob', () => {
  test('is uploaded in chunks, which must follow each other', async () => {
    const location = (await fixture.call('/v2/chunks/blobs/uploads/', { method: 'POST' })).headers.get(
      'location',
    );
    const patch = (body: string, start: number) =>
      fixture.call(`${location}`, {
        method: 'PATCH',
        body,
        headers: { 'content-range': `${start}-${start + body.length - 1}` },
      });

    expect((await patch('first ', 0)).headers.get('range')).toBe('0-5');
    expect((await patch('gap', 9)).status).toBe(416);
    expect((await patch('second ', 6)).status).toBe(202);
    expect((await fixture.call(`${location}`)).headers.get('range')).toBe('0-12');
    const digest = sha256(Buffer.from('first second third'));
    const done = await fixture.call(`${location}?digest=${digest}`, { method: 'PUT', body: 'third' });
    expect(done.status).toBe(201);
    const head = await fixture.call(`/v2/chunks/blobs/${digest}`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('18');
  });

  test('is uploaded at once, and mounted by callers who may pull it from its repository', async () => {
    const digest = sha256(Buffer.from('mounted'));
    const path = `/v2/from/blobs/uploads/?digest=${digest}`;
    expect((await fixture.call(path, { method: 'POST', body: 'mounted' })).status).toBe(201);
    const mount = (to: string, authorization?: string) =>
      fixture.call(`/v2/${to}/blobs/uploads/?mount=${digest}&from=from`, {
        method: 'POST',
        ...(authorization ? { authorization } : {}),
      });
    const narrow = await accessToken(
      fixture,
      { username: 'demo', password: 'admin-password' },
      'repository:b:*',
    );

    expect((await mount('a')).status).toBe(201);
    expect((await fixture.call(`/v2/a/blobs/${digest}`, { method: 'HEAD' })).status).toBe(200);
    expect((await mount('b', `Bearer ${narrow}`)).status).toBe(202);
    expect((await fixture.call(`/v2/b/blobs/${digest}`, { method: 'HEAD' })).status).toBe(404);
  });

  test('is read from another host, which wants a signature and refuses an Authorization header', async () => {
    const pushed = image({ content: 'redirected' });
    const config = configOf(pushed);
    await fixture.push('blobs', pushed, 'v1');
    const token = await accessToken(fixture, PULL_TOKEN, 'repository:blobs:pull');
    const authorization = `Bearer ${token}`;

    const redirect = await fixture.call(`/v2/blobs/blobs/${config.digest}`, { authorization });
    const location = new URL(redirect.headers.get('location') ?? '');
    expect(redirect.status).toBe(307);
    expect(location.hostname).toBe('127.0.0.1');
    expect(Buffer.from(await (await fetch(location)).arrayBuffer())).toEqual(config.content);
    expect((await fetch(location, { headers: { authorization } })).status).toBe(403);

    const other = new URL(location.href.replace(config.digest, pushed.blobs[1]?.digest ?? ''));
    expect((await fetch(other)).status).toBe(403);
    location.searchParams.set('sig', 'guessed');
    expect((await fetch(location)).status).toBe(403);
  });
});

describe('lists', () => {
  test('come in pages that Link to each other', async () => {
    const pushed = image({ content: 'pages' });
    for (const tag of ['c', 'a', 'b']) await fixture.push('pages', pushed, tag);
    const pages: unknown[] = [];
    let path: string | undefined = '/v2/pages/tags/list?n=2';
    while (path) {
      const answer: Response = await fixture.call(path);
      pages.push(await answer.json());
      path = /^<([^>]*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    }

    expect(pages).toEqual([
      { name: 'pages', tags: ['a', 'b'] },
      { name: 'pages', tags: ['c'] },
    ]);
    const afterDeleted = await fixture.call('/v2/pages/tags/list?last=aa');
    expect(await afterDeleted.json()).toMatchObject({ tags: ['b', 'c'] });
    const catalog = await fixture.call('/v2/_catalog');
    expect(await catalog.json()).toMatchObject({ repositories: expect.arrayContaining(['pages']) });
  });

  test('of tags can be of one digest only', async () => {
    await fixture.push('by-digest', image({ content: 'one' }), 'v1');
    await fixture.push('by-digest', image({ content: 'one' }), 'latest');
    await fixture.push('by-digest', image({ content: 'two' }), 'v2');
    const answer = await fixture.call(`/acr/v1/by-digest/_tags?digest=${image({ content: 'one' }).digest}`);

    expect(await answer.json()).toMatchObject({ tags: [{ name: 'latest' }, { name: 'v1' }] });
  });

  test('name what refers to an image, by type', async () => {
    const subject = image({ content: 'signed' });
    const artifactType = 'application/vnd.dev.cosign.simplesigning.v1+json';
    const signature = artifact({ artifactType, subject });
    await fixture.push('signed', subject, 'v1');
    await fixture.push('signed', signature);
    await fixture.push('signed', artifact({ artifactType: 'text/spdx+json', subject }));
    const path = `/v2/signed/referrers/${subject.digest}`;

    const all = (await (await fixture.call(path)).json()) as { manifests: unknown[] };
    const filtered = await fixture.call(`${path}?artifactType=${encodeURIComponent(artifactType)}`);
    expect(all.manifests).toHaveLength(2);
    expect(await filtered.json()).toMatchObject({
      mediaType: OCI_INDEX,
      manifests: [{ digest: signature.digest, artifactType, size: signature.content.length }],
    });
  });
});
