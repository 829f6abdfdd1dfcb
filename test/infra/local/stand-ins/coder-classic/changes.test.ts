import { expect, test, vi } from 'vitest';
import { ORGANIZATION, setUp } from './setup.ts';

test('a new tag is looked up, may become the default, and exists once', async () => {
  const { registry, call, importImage } = await setUp();
  const image = `/api/v0/images/${await importImage()}`;
  registry.tags.set('dev/base:2', 'sha256:two');

  expect(await call('POST', `${image}/tags`, { tag: '2', default: true })).toMatchObject({
    status: 201,
    json: { tag: '2', latest_hash: 'sha256:two' },
  });
  expect((await call('GET', image)).json.default_tag.tag).toBe('2');
  expect((await call('GET', `${image}/tags`)).json).toMatchObject([{ tag: '1' }, { tag: '2' }]);
  expect((await call('GET', `${image}/tags/2`)).json).toMatchObject({
    latest_hash: 'sha256:two',
    workspaces: [],
  });
  expect(await call('POST', `${image}/tags`, { tag: '2', default: false })).toMatchObject({ status: 409 });
  expect(await call('POST', `${image}/tags`, { tag: '3', default: false })).toMatchObject({
    status: 400,
    json: { error: { msg: "unable to ping registry for 'dev/base:3': 404 Not Found" } },
  });
});

test('two calls that add one tag at the same time leave one tag', async () => {
  const { coder, registry, call, importImage } = await setUp();
  const tags = `/api/v0/images/${await importImage()}/tags`;
  registry.tags.set('dev/base:2', 'sha256:two');

  const answers = await Promise.all([1, 2].map(() => call('POST', tags, { tag: '2', default: false })));

  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect(coder.state().images[0]?.tags).toHaveLength(2);
});

test('a refresh answers before it is done, follows a moved tag, and keeps the digest when refused', async () => {
  const { coder, registry, call, importImage } = await setUp();
  const update = `/api/v0/images/${await importImage()}/tags/update`;
  const digest = () => coder.state().images[0]?.tags[0]?.latest_hash;
  registry.tags.set('dev/base:1', 'sha256:moved');
  const refused = () =>
    registry.requests.all().filter(({ path, status }) => /token/.test(path) && status === 401);

  registry.logins.set('puller', 'changed');
  expect(await call('POST', update)).toMatchObject({ status: 200, text: '' });
  await vi.waitFor(() => expect(refused()).toHaveLength(1));
  expect(digest()).toBe('sha256:one');

  const id = coder.state().registries[0]?.id;
  expect(await call('PATCH', `/api/v0/registries/${id}`, { password: 'changed' })).toMatchObject({
    status: 200,
  });
  await call('POST', update);
  await vi.waitFor(() => expect(digest()).toBe('sha256:moved'));
});

test('an image is changed field by field, and only towards a tag that it has', async () => {
  const { call, importImage } = await setUp();
  const image = `/api/v0/images/${await importImage()}`;

  const patch = { description: 'New', default_memory_gb: 2.5, url: null, deprecated: true };
  expect(await call('PATCH', image, patch)).toMatchObject({ status: 200, text: '' });
  expect((await call('GET', image)).json).toMatchObject({ ...patch, url: 'https://git.example/base' });
  expect(await call('PATCH', image, { default_tag: 'nope' })).toMatchObject({ status: 400 });
  expect(await call('PATCH', image, { default_disk_gb: 1.5 })).toMatchObject({ status: 400 });
});

test('a tag is kept while it is the default or has workspaces', async () => {
  const { coder, registry, call, importImage } = await setUp();
  const id = await importImage();
  const tags = `/api/v0/images/${id}/tags`;
  registry.tags.set('dev/base:2', 'sha256:two');
  await call('POST', tags, { tag: '2', default: false });
  const useBy = (names: string[]) => call('POST', '/_stand-in/workspaces', { image_id: id, tag: '2', names });

  expect(await call('DELETE', `${tags}/1`)).toMatchObject({ status: 400 });
  await useBy(['ada']);
  expect(await call('DELETE', `${tags}/2`)).toMatchObject({ status: 409 });
  const listed = (await call('GET', `/api/v0/images?org=${ORGANIZATION}`)).json;
  expect(listed).toMatchObject([{ workspaces: [{ name: 'ada' }] }]);
  expect((await call('GET', '/api/v0/images?workspaces=false')).json[0]).not.toHaveProperty('workspaces');
  await useBy([]);
  expect(await call('DELETE', `${tags}/2`)).toMatchObject({ status: 200 });
  expect(coder.state().images[0]?.tags.map(({ tag }) => tag)).toEqual(['1']);
});

test('an image that was deleted by hand is gone with its tags, and may be imported anew', async () => {
  const { coder, call, importBody, importImage } = await setUp();
  const [gone, kept] = [await importImage(), await importImage()];
  const registryId = coder.state().registries[0]?.id;

  expect(await call('DELETE', `/_stand-in/images/${gone}`)).toMatchObject({ status: 204, text: '' });

  const calls: [method: string, path: string, body?: object][] = [
    ['GET', `/api/v0/images/${gone}`],
    ['PATCH', `/api/v0/images/${gone}`, { description: 'New' }],
    ['GET', `/api/v0/images/${gone}/tags`],
    ['GET', `/api/v0/images/${gone}/tags/1`],
    ['POST', `/api/v0/images/${gone}/tags`, { tag: '1', default: false }],
    ['POST', `/api/v0/images/${gone}/tags/update`],
    ['DELETE', `/api/v0/images/${gone}/tags/1`],
    ['DELETE', `/_stand-in/images/${gone}`],
  ];
  for (const [method, path, body] of calls) {
    expect(await call(method, path, body), `${method} ${path}`).toMatchObject({ status: 404 });
  }
  expect((await call('GET', '/api/v0/images')).json).toMatchObject([{ id: kept }]);
  const again = { ...importBody, new_registry: null, registry_id: registryId };
  expect(await call('POST', '/api/v0/images', again)).toMatchObject({ status: 201 });
  expect(coder.state().images.map(({ tags }) => tags.length)).toEqual([1, 1]);
});

test('a tag is not added to an image that is deleted while the registry is asked', async () => {
  const { coder, registry, call, importImage } = await setUp();
  const id = await importImage();
  registry.tags.set('dev/base:2', 'sha256:two');
  registry.requests.clear();
  const release = registry.hold();

  const adding = call('POST', `/api/v0/images/${id}/tags`, { tag: '2', default: false });
  await vi.waitFor(() => expect(registry.requests.all()).not.toEqual([]));
  await call('DELETE', `/_stand-in/images/${id}`);
  release();

  expect(await adding).toMatchObject({ status: 404 });
  expect(coder.state().images).toEqual([]);
});

test('the most calls under way at once are counted, those that ask a registry included', async () => {
  const { coder, registry, importImage } = await setUp();
  const release = registry.hold();
  const imports = [importImage(), importImage(), importImage()];
  await vi.waitFor(() => expect(registry.requests.all()).toHaveLength(3));
  release();
  await Promise.all(imports);

  expect(coder.requests.peak()).toBe(3);
});

test('a registry is shown without its credential, and kept while images use it', async () => {
  const { coder, secrets, call, importImage } = await setUp();
  await importImage();
  const [registry] = coder.state().registries;
  const path = `/api/v0/registries/${registry?.id}`;

  await call('PATCH', path, { friendly_name: 'renamed', password: 'rotated' });
  const { json, text } = await call('GET', path);

  expect(json).toEqual({
    id: registry?.id,
    organization_id: ORGANIZATION,
    friendly_name: 'renamed',
    registry: registry?.registry,
    created_at: registry?.created_at,
    updated_at: registry?.updated_at,
  });
  expect((await call('GET', `/api/v0/registries?org=${ORGANIZATION}`)).json).toEqual([json]);
  expect(text).not.toContain('rotated');
  expect(coder.state().registries[0]?.credential).toMatchObject({ username: 'puller', password: 'rotated' });
  expect(secrets.all()).toContain('rotated');
  expect(await call('DELETE', path)).toMatchObject({ status: 409 });
});
