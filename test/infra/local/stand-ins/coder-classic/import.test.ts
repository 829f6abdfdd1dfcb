import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ensureTls } from '../../../../../infra/local/tls.ts';
import { startFakeRegistry } from './fake-registry.ts';
import { NOW, ORGANIZATION, setUp } from './setup.ts';

test('an import brings registry, image and tag, with the digest that the registry gave for its credential', async () => {
  const { coder, registry, secrets, call, importBody } = await setUp();

  const { status, json, text } = await call('POST', '/api/v0/images', importBody);

  const at = NOW.toISOString();
  expect(status).toBe(201);
  expect(json).toMatchObject({
    organization_id: ORGANIZATION,
    repository: 'dev/base',
    description: 'Base',
    url: 'https://git.example/base',
    registry: { friendly_name: 'acr', registry: registry.host },
    default_tag: { image_id: json.id, tag: '1', latest_hash: 'sha256:one', hash_last_updated_at: at },
    default_cpu_cores: 1.5,
    default_memory_gb: 4,
    default_disk_gb: 20,
    deprecated: false,
    created_at: at,
  });
  expect(text).not.toContain('right');
  expect(secrets.all()).toContain('right');
  expect(coder.state().registries[0]?.credential).toEqual({
    kind: 'generic',
    username: 'puller',
    password: 'right',
  });
  expect(registry.requests.all().map(({ method, authorization }) => [method, authorization])).toEqual([
    ['GET', undefined],
    ['GET', 'Basic'],
    ['HEAD', 'Bearer'],
  ]);
});

test('a registry of kind acr is entered with the identity of the pods, whatever the field is called', async () => {
  const { coder, registry, call, newRegistry, importBody } = await setUp({
    registryKindField: 'registry_kind',
  });
  registry.exchanges.set('entra-token', 'refresh-token');
  registry.logins.set('00000000-0000-0000-0000-000000000000', 'refresh-token');
  const { username: _, password: __, ...withoutLogin } = newRegistry;
  const body = { ...importBody, new_registry: { ...withoutLogin, registry_kind: 'acr' } };

  expect(await call('POST', '/api/v0/images', body)).toMatchObject({ status: 201 });
  expect(coder.state().registries[0]?.credential).toEqual({ kind: 'acr', username: '', password: '' });
  registry.exchanges.clear();
  expect(await call('POST', '/api/v0/images', body)).toMatchObject({
    status: 400,
    json: { error: { msg: "unable to ping registry for 'dev/base:1': 401 Unauthorized" } },
  });
});

test('a blank username and password pull anonymously', async () => {
  const { registry, call, newRegistry, importBody } = await setUp();
  const body = { ...importBody, new_registry: { ...newRegistry, username: '', password: '' } };

  expect(await call('POST', '/api/v0/images', body)).toMatchObject({ status: 400 });
  registry.logins.set('', '');
  expect(await call('POST', '/api/v0/images', body)).toMatchObject({ status: 201 });
  expect(registry.requests.all().map(request => request.authorization)).not.toContain('Basic');
});

test('a known registry is used again, and the same repository can be imported twice', async () => {
  const { coder, call, importBody, importImage } = await setUp();
  const first = await importImage();
  const registry_id = coder.state().registries[0]?.id;

  const second = await call('POST', '/api/v0/images', { ...importBody, new_registry: null, registry_id });

  expect(second.status).toBe(201);
  expect(coder.state().registries).toHaveLength(1);
  const listed = (await call('GET', `/api/v0/images?org=${ORGANIZATION}&workspaces=false`)).json;
  expect(listed).toMatchObject([{ id: first }, { id: second.json.id }]);
});

test.each([
  ['a wrong password', '1', 'wrong', '401 Unauthorized'],
  ['an unknown tag', '2', 'right', '404 Not Found'],
])('an import with %s names the cause and leaves nothing behind', async (_, tag, password, cause) => {
  const { coder, call, newRegistry, importBody } = await setUp();
  const body = { ...importBody, tag, new_registry: { ...newRegistry, password } };

  const { status, json } = await call('POST', '/api/v0/images', body);

  expect(status).toBe(400);
  expect(json.error.msg).toBe(`unable to ping registry for 'dev/base:${tag}': ${cause}`);
  expect(coder.state()).toEqual({ registries: [], images: [] });
});

test('an import names the certificate that it does not trust, and the host that is down', async () => {
  const { call, secrets, newRegistry, importBody } = await setUp();
  const strangerTls = await ensureTls(await mkdtemp(join(tmpdir(), 'stranger-')));
  onTestFinished(() => rm(dirname(strangerTls.caFile), { recursive: true }));
  const stranger = await startFakeRegistry(strangerTls, secrets);
  const new_registry = { ...newRegistry, registry: `localhost:${stranger.port}` };
  const ping = async () =>
    (await call('POST', '/api/v0/images', { ...importBody, new_registry })).json.error.msg;

  expect(await ping()).toContain('certificate');
  await stranger.close();
  expect(await ping()).toContain('ECONNREFUSED');
});

test.each([
  ['a fraction of memory', { default_memory_gb: 1.5 }, 400, 'default_memory_gb'],
  ['a fraction of disk', { default_disk_gb: 0.5 }, 400, 'default_disk_gb'],
  ['a number in quotes', { default_cpu_cores: '2' }, 400, 'default_cpu_cores'],
  ['an unknown field', { cpu: 2 }, 400, 'cpu'],
  ['two registries', { registry_id: 'x' }, 400, 'exactly one of registry_id and new_registry'],
  ['an unknown registry', { registry_id: 'x', new_registry: null }, 404, 'registry not found'],
  ['an unknown organization', { org_id: 'elsewhere' }, 404, 'organization not found'],
])('an import with %s is refused before the registry is asked', async (_, change, status, message) => {
  const { registry, call, importBody } = await setUp();

  const answer = await call('POST', '/api/v0/images', { ...importBody, ...change });

  expect(answer).toMatchObject({ status, json: { error: { msg: expect.stringContaining(message) } } });
  expect(registry.requests.all()).toEqual([]);
});
