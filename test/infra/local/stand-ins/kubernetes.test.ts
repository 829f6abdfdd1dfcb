import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import {
  type KubernetesStandIn,
  startKubernetes,
} from '../../../../infra/local/stand-ins/kubernetes/kubernetes.ts';
import { testTls } from '../../../support/bridge.ts';
import { type Identities, identities } from './identities.ts';

const AKS = '6dae42f8-4368-4678-94ff-3960e28e3630';
const APPLY = 'application/apply-patch+yaml';
const encode = (text: string) => Buffer.from(text).toString('base64');
const CONTENT = '{"auths":{}}';

let all: Identities;
let server: KubernetesStandIn;

beforeAll(async () => {
  all = await identities();
  server = await startKubernetes({
    ...{ secrets: createSecrets(), now: () => new Date(), tls: await testTls() },
    verifyEntraToken: all.entra.verify,
  });
});
afterAll(() => server.close());
beforeEach(() => {
  const { cluster } = server;
  cluster.namespaces.add('dev');
  cluster.grants = [{ user: all.app.objectId, namespace: 'dev', verbs: ['get', 'create', 'patch'] }];
  cluster.delete('dev', 'pull');
});

interface Call {
  method?: string;
  path?: string;
  query?: string;
  mediaType?: string;
  body?: object;
  token?: string;
}

/** A Secret, or a Status. */
interface Body {
  message: string;
  data: Record<string, string>;
  metadata: { resourceVersion: string };
}

async function call({ method = 'GET', path = 'dev/secrets/pull', query = '', ...more }: Call = {}) {
  const token = more.token ?? (await all.entra.tokenFor(all.app.clientId, AKS));
  const answer = await fetch(`${server.url}/api/v1/namespaces/${path}${query}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': more.mediaType ?? APPLY },
    ...(more.body && { body: JSON.stringify(more.body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Body };
}

function manifest(data: Record<string, string> = { '.dockerconfigjson': CONTENT }, metadata: object = {}) {
  return {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'pull', ...metadata } },
    type: 'kubernetes.io/dockerconfigjson',
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, encode(text)])),
  };
}

function apply(body: object = manifest(), query = '?fieldManager=bridge', more: Call = {}) {
  return call({ method: 'PATCH', query, body, ...more });
}

describe('a caller', () => {
  test.each([
    ['without a token of Entra', async () => 'made.up.token'],
    [
      'with a token for another service',
      () => all.entra.tokenFor(all.app.clientId, 'https://vault.azure.net'),
    ],
  ])('%s is not authenticated', async (_, token) => {
    const answer = await call({ token: await token() });

    expect(answer).toMatchObject({ status: 401, body: { kind: 'Status', reason: 'Unauthorized' } });
  });

  test('has the rights of its roles: in a namespace, by name, by verb', async () => {
    const stranger = { token: await all.entra.tokenFor(all.stranger.clientId, AKS) };
    const [grant] = server.cluster.grants;

    expect((await call(stranger)).status).toBe(403);
    expect((await call({ path: 'default/secrets/pull' })).status).toBe(403);
    Object.assign(grant as object, { secret: 'other' });
    expect((await call()).body.message).toBe(
      `secrets "pull" is forbidden: User "${all.app.objectId}" cannot get resource "secrets" in API group "" in the namespace "dev"`,
    );
    Object.assign(grant as object, { secret: 'pull', verbs: ['get', 'patch'] });
    expect((await apply()).body.message).toContain('cannot create resource');
    Object.assign(grant as object, { verbs: ['get', 'patch', 'create'] });
    expect((await apply()).status).toBe(201);
  });
});

describe('server-side apply', () => {
  test('creates, updates, and changes no version when nothing changes', async () => {
    const created = await apply();
    const again = await apply();
    const updated = await apply(manifest({ '.dockerconfigjson': '{"auths":{"a":{}}}' }));

    expect([created.status, again.status, updated.status]).toEqual([201, 200, 200]);
    const versions = [created, again, updated].map(({ body }) => body.metadata.resourceVersion);
    expect(versions[0]).toBe(versions[1]);
    expect(versions[1]).not.toBe(versions[2]);
    expect((await call()).body).toMatchObject({
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': encode('{"auths":{"a":{}}}') },
    });
  });

  test.each([
    [
      'another content type',
      415,
      () => apply(manifest(), '?fieldManager=b', { mediaType: 'application/json' }),
    ],
    ['no field manager', 422, () => apply(manifest(), '')],
    ['an unknown dry run', 422, () => apply(manifest(), '?fieldManager=b&dryRun=Some')],
    ['another name than the path', 400, () => apply(manifest({}, { name: 'other' }))],
    ['another namespace than the path', 400, () => apply(manifest({}, { namespace: 'other' }))],
    ['no content', 422, () => apply(manifest({}))],
    ['content that is not JSON', 422, () => apply(manifest({ '.dockerconfigjson': 'no' }))],
    [
      'a version of a Secret that is not there',
      409,
      () => apply(manifest(undefined, { resourceVersion: '1' })),
    ],
  ])('with %s is refused with %i', async (_, status, act) => {
    expect((await act()).status).toBe(status);
    expect((await call()).status).toBe(404);
  });

  test('into a namespace that is not there is 404', async () => {
    server.cluster.namespaces.delete('dev');

    expect(await apply()).toMatchObject({ status: 404, body: { message: 'namespaces "dev" not found' } });
  });

  test('as a dry run says the same, and stores nothing', async () => {
    expect((await apply(manifest(), '?fieldManager=bridge&dryRun=All')).status).toBe(201);
    expect((await call()).status).toBe(404);
  });

  test('of an older version than the stored one is a conflict', async () => {
    const { resourceVersion } = (await apply()).body.metadata;
    server.cluster.edit('dev', 'pull', { note: 'mine' });

    expect(
      await apply(manifest(undefined, { resourceVersion }), '?fieldManager=bridge&force=true'),
    ).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('the object has been modified') },
    });
  });

  test('over a field that a person edited needs force, and leaves the fields of that person', async () => {
    await apply();
    server.cluster.edit('dev', 'pull', { '.dockerconfigjson': '{}', note: 'mine' });

    expect(await apply()).toMatchObject({
      status: 409,
      body: {
        message:
          'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data..dockerconfigjson',
      },
    });
    const forced = await apply(manifest(), '?fieldManager=bridge&force=true');
    expect(forced.body.data).toEqual({ '.dockerconfigjson': encode(CONTENT), note: encode('mine') });
    server.cluster.edit('dev', 'pull', { note: 'again' });
    expect((await apply()).status).toBe(200);
  });

  test('removes a field that its manager no longer applies', async () => {
    await apply(manifest({ '.dockerconfigjson': CONTENT, extra: 'x' }));
    await apply();

    expect(server.cluster.text('dev', 'pull', 'extra')).toBeUndefined();
  });

  test('does not change the type of a Secret, nor the data of an immutable one', async () => {
    server.cluster.edit('dev', 'pull', { key: 'value' });
    const force = '?fieldManager=bridge&force=true';

    expect((await apply(manifest(), force)).body).toMatchObject({
      ...{ code: 422, reason: 'Invalid' },
      message: expect.stringContaining(
        'type: Invalid value: "kubernetes.io/dockerconfigjson": field is immutable',
      ),
    });
    server.cluster.delete('dev', 'pull');
    await apply();
    const stored = server.cluster.find('dev', 'pull');
    Object.assign(stored as object, { immutable: true });
    expect(
      (await apply(manifest({ '.dockerconfigjson': '{"auths":{"a":{}}}' }), force)).body.message,
    ).toContain('immutable');
  });
});

test('people edit and delete a Secret over HTTP too', async () => {
  const ask = (action: string, body: object) =>
    fetch(`${server.url}/_stand-in/${action}`, { method: 'POST', body: JSON.stringify(body) });
  await ask('edit-secret', { namespace: 'dev', name: 'pull', data: { note: 'hello' } });
  expect(server.cluster.text('dev', 'pull', 'note')).toBe('hello');

  await ask('delete-secret', { namespace: 'dev', name: 'pull' });
  expect((await call()).status).toBe(404);
});
