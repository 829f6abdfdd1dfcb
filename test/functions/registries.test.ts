import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../../infra/local/environment.ts';
import { image } from '../../infra/local/oci-image.ts';
import { startStandIn } from '../../infra/local/stand-in.ts';
import { type App, NO_TIMERS, startApp } from '../support/app.ts';

let app: App;
let environment: Environment;
let resourceId: string;
let puller: { username: string; password: string };

beforeAll(async () => {
  app = await startApp({ settings: NO_TIMERS });
  ({ environment } = app);
  const { registry } = environment.cloud;
  ({ resourceId } = registry);
  puller = { username: registry.puller.username, password: registry.puller.password };
});
afterAll(() => app.close());

interface Sent {
  body?: unknown;
  headers?: Record<string, string>;
}

async function call(method: string, path: string, { body, headers = {} }: Sent = {}) {
  const response = await fetch(`${environment.host.url}/api/${path}`, {
    method,
    headers: { 'x-functions-key': environment.keys.host, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, json };
}

const declared = (more: object = {}) => ({ resourceId, credential: { kind: 'static', ...puller }, ...more });
const otherId = (name: string) => resourceId.replace(/[^/]+$/, name);

describe('a registry', () => {
  test('is added, with what Azure says of it', async () => {
    const withKey = `registries/contoso?code=${environment.keys.host}`;
    const added = await call('PUT', withKey, { body: declared() });

    expect(added.status).toBe(201);
    expect(added.headers.get('location')).toBe('/api/registries/contoso');
    expect(added.json).toMatchObject({
      name: 'contoso',
      resourceId,
      loginServer: environment.cloud.standIns.registry.loginServer,
      sku: 'Premium',
      credential: { kind: 'static', username: puller.username },
      policy: { rules: [] },
    });
    expect(added.text).not.toContain(puller.password);
    expect((await call('GET', 'registries/contoso')).json).toEqual(added.json);
    expect((await call('GET', 'registries')).json).toEqual({ items: [added.json] });
  });

  test('that GET gave can be put back as it is', async () => {
    const before = await call('GET', 'registries/contoso');

    const again = await call('PUT', 'registries/contoso', { body: before.json });

    expect([again.status, again.headers.get('etag')]).toEqual([200, before.headers.get('etag')]);
  });

  test('that is put again unchanged, with or without its password, keeps its ETag and its secret', async () => {
    const before = await call('GET', 'registries/contoso');
    const versions = environment.cloud.standIns.keyVault.requests
      .all()
      .filter(({ method }) => method === 'PUT').length;
    const { password: _, ...withoutPassword } = puller;

    const again = await call('PUT', 'registries/contoso', { body: declared() });
    const without = await call('PUT', 'registries/contoso', {
      body: declared({ credential: { kind: 'static', ...withoutPassword } }),
    });

    expect([again.status, without.status]).toEqual([200, 200]);
    expect(again.headers.get('etag')).toBe(before.headers.get('etag'));
    expect(without.headers.get('etag')).toBe(before.headers.get('etag'));
    const writes = environment.cloud.standIns.keyVault.requests
      .all()
      .filter(({ method }) => method === 'PUT');
    expect(writes.length).toBe(versions);
  });

  test('writers who do not ask for more do not get in each other’s way', async () => {
    const rules = ['a/**', 'b/**', 'c/**', 'd/**'].map(repository => ({ repository }));

    const answers = await Promise.all(
      rules.map(rule => call('PUT', 'registries/contoso', { body: declared({ policy: { rules: [rule] } }) })),
    );

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const { policy } = (await call('GET', 'registries/contoso')).json;
    expect(rules).toContainEqual(policy.rules[0]);
  });

  test('of two writers, the one with the outdated ETag gets 412 and changes nothing', async () => {
    const etag = (await call('GET', 'registries/contoso')).headers.get('etag') as string;
    const rule = (repository: string) => declared({ policy: { rules: [{ repository }] } });

    const first = await call('PUT', 'registries/contoso', {
      body: rule('first/**'),
      headers: { 'if-match': etag },
    });
    const second = await call('PUT', 'registries/contoso', {
      body: rule('second/**'),
      headers: { 'if-match': etag },
    });
    const remove = await call('DELETE', 'registries/contoso', { headers: { 'if-match': etag } });

    expect([first.status, second.status, remove.status]).toEqual([200, 412, 412]);
    expect(second.json.reason).toBe('precondition-failed');
    expect((await call('GET', 'registries/contoso')).json.policy).toEqual({
      rules: [{ repository: 'first/**' }],
    });
    expect(
      (await call('PUT', 'registries/contoso', { body: declared(), headers: { 'if-none-match': '*' } }))
        .status,
    ).toBe(412);
  });

  test('is not removed while an import of it is under way', async () => {
    const { coder } = environment.cloud.standIns;
    expect((await call('PUT', 'registries/contoso', { body: declared() })).status).toBe(200);
    const before = coder.requests.all().length;
    coder.faults.add({ method: 'GET', delayMs: 1_500 });
    await app.push('busy/app:v1', image());
    await expect.poll(() => coder.requests.all().length, { interval: 10 }).toBeGreaterThan(before);

    const answer = await call('DELETE', 'registries/contoso');

    expect(answer.json).toMatchObject({ status: 409, reason: 'registry-busy' });
    coder.faults.clear();
    await expect
      .poll(async () => (await call('GET', 'images/contoso/busy/app:v1')).json.state, { timeout: 20_000 })
      .toBe('imported');
  });

  test('is removed with its records and its secret, and can be added again', async () => {
    expect((await call('DELETE', 'registries/contoso')).status).toBe(204);
    expect((await call('GET', 'registries/contoso')).json).toMatchObject({
      status: 404,
      reason: 'not-found',
    });
    expect((await call('DELETE', 'registries/contoso')).status).toBe(404);
    const names = Object.keys(environment.cloud.standIns.keyVault.values());
    expect(names.filter(name => name.startsWith('registry-contoso-'))).toEqual([]);

    expect((await call('PUT', 'registries/contoso', { body: declared() })).status).toBe(201);
  });
});

describe('what cannot work is refused, saying why and what to do, and changes nothing', () => {
  test('every fault of a body is told at once, with its path', async () => {
    const { status, json, headers } = await call('PUT', 'registries/new', {
      body: {
        resourceId: 7,
        credential: { kind: 'magic' },
        policy: { rules: [{ repository: '', tag: {} }] },
        colour: 'red',
      },
    });

    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json');
    const paths = json.errors.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'resourceId',
        'credential.kind',
        'policy.rules[0].repository',
        'policy.rules[0].tag',
        'colour',
      ]),
    );
  });

  const CASES: [string, () => Sent & { name?: string }, number, string, RegExp][] = [
    ['a body that is no JSON', () => ({ body: '{"resourceId":' }), 400, 'invalid-request', /not JSON/],
    ['no body', () => ({}), 400, 'invalid-request', /empty. Send JSON/],
    [
      'another content type',
      () => ({ body: 'a=1', headers: { 'content-type': 'text/plain' } }),
      415,
      'unsupported-media-type',
      /application\/json/,
    ],
    [
      'a body of a megabyte',
      () => ({ body: declared({ organizationId: 'x'.repeat(1 << 20) }) }),
      413,
      'too-large',
      /256 KiB/,
    ],
    [
      'a name in capitals',
      () => ({ body: declared(), name: 'Contoso' }),
      400,
      'invalid-request',
      /every fault/,
    ],
    [
      'an id that is no registry',
      () => ({ body: declared({ resourceId: '/subscriptions/x' }) }),
      400,
      'invalid-request',
      /every fault/,
    ],
    [
      'a registry that Azure does not have',
      () => ({ body: declared({ resourceId: otherId('missing') }) }),
      422,
      'registry-not-found',
      /az acr list/,
    ],
    [
      'a registry that was added already',
      () => ({ body: declared() }),
      409,
      'registry-already-added',
      /contoso/,
    ],
    [
      'another registry under a name in use',
      () => ({ body: declared({ resourceId: otherId('other') }), name: 'contoso' }),
      409,
      'registry-changed',
      /DELETE it first/,
    ],
    [
      'a password that the registry refuses',
      () => ({
        body: declared({
          resourceId: otherId('second'),
          credential: { kind: 'static', username: 'coder-pull', password: 'wrong' },
        }),
      }),
      422,
      'credential-refused',
      /az acr token credential generate .* --name coder-pull --password1/,
    ],
    [
      'no password where none is stored',
      () => ({
        body: declared({
          resourceId: otherId('second'),
          credential: { kind: 'static', username: 'coder-pull' },
        }),
      }),
      400,
      'invalid-request',
      /every fault/,
    ],
  ];

  test.each(CASES)('%s', async (_, request, status, reason, text) => {
    const { arm, registry, tables } = environment.cloud.standIns;
    arm.addRegistry({ resourceId: otherId('second'), loginServer: registry.loginServer });
    const before = await tables.dump();
    const { name = 'new', ...rest } = request();

    const answer = await call('PUT', `registries/${name}`, rest);

    expect(answer.json).toMatchObject({ status, reason });
    expect(`${answer.json.detail} ${answer.json.remedy}`).toMatch(text);
    expect(answer.status).toBe(status);
    expect(await tables.dump()).toEqual(before);
  });

  test('a registry that Azure does not let us read, or that does not let us in', async () => {
    const { arm, registry } = environment.cloud.standIns;
    const body = declared({ resourceId: otherId('second') });
    arm.faults.add({
      status: 403,
      body: { error: { code: 'AuthorizationFailed', message: 'no' } },
      times: 1,
    });
    expect((await call('PUT', 'registries/new', { body })).json).toMatchObject({
      status: 422,
      reason: 'registry-not-readable',
    });

    registry.faults.add({ path: '/acr/v1/_catalog', status: 403, times: 1 });
    const answer = await call('PUT', 'registries/new', { body });

    expect(answer.json).toMatchObject({ status: 422, reason: 'registry-not-reachable' });
    expect(answer.json.remedy).toContain('az role assignment create --role AcrPull');
  });

  test('a registry on a host that is not allowed: the bridge sends no token there', async () => {
    const stranger = await startStandIn({
      routes: ['GET', 'POST', 'HEAD'].map(method => ({
        method,
        path: /.*/,
        handle: () => ({ status: 401 }),
      })),
      secrets: environment.cloud.secrets,
      tls: app.tls,
    });
    const loginServer = new URL(stranger.url).host;
    environment.cloud.standIns.arm.addRegistry({ resourceId: otherId('stranger'), loginServer });

    const answer = await call('PUT', 'registries/stranger', {
      body: declared({ resourceId: otherId('stranger') }),
    });

    expect(answer.json).toMatchObject({ status: 422, reason: 'host-not-allowed' });
    expect(answer.json.detail).toContain(loginServer);
    expect(stranger.requests.all()).toEqual([]);
    await stranger.close();
  });

  test.each(['arm', 'keyVault', 'tables', 'registry'] as const)(
    'with %s down it is a 5xx, and nothing changes',
    async where => {
      const { standIns } = environment.cloud;
      standIns[where].faults.add({ status: 500 });
      const before = await standIns.tables.dump();

      const answer = await call('PUT', 'registries/new', {
        body: declared({ resourceId: otherId('second') }),
      });

      expect(answer.status).toBe(503);
      expect(answer.json.detail).not.toMatch(/at .*\.ts/);
      standIns[where].faults.clear();
      expect(await standIns.tables.dump()).toEqual(before);
    },
  );
});

describe('lists', () => {
  test('come in pages', async () => {
    const { arm, registry } = environment.cloud.standIns;
    for (const name of ['page1', 'page2']) {
      arm.addRegistry({ resourceId: otherId(`${name}x`), loginServer: registry.loginServer });
      const body = { resourceId: otherId(`${name}x`), credential: { kind: 'managed-identity' } };
      expect((await call('PUT', `registries/${name}`, { body })).status).toBe(201);
    }
    const names: string[] = [];
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ limit: '1', ...(token && { continuationToken: token }) });
      const { json } = await call('GET', `registries?${query}`);
      names.push(...json.items.map(({ name }: { name: string }) => name));
      token = json.continuationToken;
    } while (token);

    expect(names).toEqual(['contoso', 'page1', 'page2']);
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=many', 'limit'],
    ['continuationToken=made-up', 'continuationToken'],
    [
      `continuationToken=${Buffer.from('{"nextPartitionKey":"","nextRowKey":{}}').toString('base64')}`,
      'continuationToken',
    ],
    ['colour=red', 'colour'],
  ])('refuse ?%s', async (query, path) => {
    const { status, json } = await call('GET', `registries?${query}`);

    expect(status).toBe(400);
    expect(json.errors).toEqual([{ path, message: expect.any(String) }]);
  });
});
