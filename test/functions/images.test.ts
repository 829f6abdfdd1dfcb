import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OtherRegistry } from '../../infra/local/cloud.ts';
import { artifact, image, index } from '../../infra/local/oci-image.ts';
import { type App, NO_TIMERS, startApp, until } from '../support/app.ts';

let app: App;
const POLICY = {
  rules: [
    { repository: 'no/**', action: 'exclude' },
    { repository: 'multi', platforms: ['linux/arm64'] },
    { repository: '**', defaults: { cpuCores: 2 } },
  ],
};

beforeAll(async () => {
  // There are no events and no timers: every import here was requested.
  app = await startApp({
    subscribed: false,
    registries: ['fabrikam', 'adatum'],
    settings: NO_TIMERS,
  });
  expect((await app.api('PUT', 'registries/contoso', declared())).status).toBe(201);
});
afterAll(() => app.close());

function declared() {
  const { registry } = app.environment.cloud;
  return { resourceId: registry.resourceId, credential: credential(), policy: POLICY };
}
function credential() {
  const { username, password } = app.environment.cloud.registry.puller;
  return { kind: 'static', username, password };
}
async function post(path: string, body: object) {
  const { text, ...answer } = await app.api('POST', path, body);
  return { ...answer, text, json: text ? JSON.parse(text) : undefined };
}
const inCoder = (repository: string) =>
  app.environment.cloud.standIns.coder.state().images.filter(known => known.repository === repository);
/** All that a call could have changed. */
const everything = async () => {
  const { coder, tables, keyVault } = app.environment.cloud.standIns;
  return JSON.stringify([coder.state(), await tables.dump(), keyVault.values()]);
};

describe('POST /images', () => {
  const body = { registry: 'contoso', repository: 'team/app', tag: 'v1' };

  test('imports the image, and the second time says that it was there already', async () => {
    const digest = await app.push('team/app:v1', image());

    const first = await post('images', { ...body, description: 'by hand', diskGb: 99 });
    const second = await post('images', body);

    expect(first).toMatchObject({
      status: 201,
      location: '/api/images/contoso/team/app:v1',
      json: { state: 'imported', reason: 'image-created', digest },
    });
    expect(second).toMatchObject({ status: 200, json: { state: 'imported' } });
    expect(inCoder('team/app')).toMatchObject([
      { description: 'by hand', default_disk_gb: 99, default_cpu_cores: 2 },
    ]);
  });

  test('what was asked for by hand stays for later pushes of the tag', async () => {
    await app.push('team/app:v1', image({ content: 'moved', labels: { 'com.coder.disk-gb': '7' } }));

    expect(await post('images', body)).toMatchObject({ status: 201, json: { reason: 'tag-refreshed' } });

    expect(inCoder('team/app')).toMatchObject([{ default_disk_gb: 99 }]);
  });

  test('asked for with other values, Coder gets these', async () => {
    const answer = await post('images', { ...body, cpuCores: 8, description: 'changed' });

    expect(answer).toMatchObject({ status: 200, json: { reason: 'already-in-coder' } });
    expect(answer.json.message).toBe(
      'Coder had this tag with this digest already. This changed the image in Coder: cpuCores from 2 to 8, description.',
    );
    expect((await post('images', { ...body, cpuCores: 8 })).json.message).not.toContain('changed');

    expect(inCoder('team/app')).toMatchObject([{ default_cpu_cores: 8, default_disk_gb: 99 }]);
  });

  test('is pending, with where to look again, while Coder is away', async () => {
    await app.push('away/app:v1', image());
    app.environment.cloud.standIns.coder.faults.add({ status: 503 });

    const answer = await post('images', { ...body, repository: 'away/app' });
    app.clearFaults();

    expect(answer).toMatchObject({
      status: 202,
      location: '/api/images/contoso/away/app:v1',
      json: { state: 'pending', reason: 'coder-unavailable', nextAttemptOn: expect.any(String) },
    });
  });

  test.each([
    ['the policy excludes', 'no/app', () => app.push('no/app:v1', image()), 'excluded'],
    ['is no image', 'chart/app', () => app.push('chart/app:v1', artifact()), 'not-an-image'],
  ])('refuses what %s, and leaves no trace', async (_, repository, push, reason) => {
    await push();
    const before = await everything();

    const answer = await post('images', { ...body, repository });

    expect(answer).toMatchObject({ status: 422, contentType: 'application/problem+json' });
    expect(answer.json).toMatchObject({ reason, image: { reason, repository } });
    expect(await everything()).toBe(before);
  });

  test('refuses a tag that never was, without a record that says it was pushed and removed', async () => {
    const { status, json } = await post('images', { ...body, repository: 'none/app' });

    expect(status).toBe(422);
    expect(json).toMatchObject({ reason: 'gone', detail: expect.stringContaining('no such tag') });
    expect(json).not.toHaveProperty('image');
  });

  test('adds the registry in the same call, found by its login server, and again finds what it added', async () => {
    const [fabrikam] = app.environment.cloud.otherRegistries;
    await app.push('new/app:v1', image(), fabrikam?.standIn);
    const newRegistry = {
      name: 'added',
      loginServer: fabrikam?.standIn.loginServer,
      credential: credential(),
    };
    const request = { newRegistry, repository: 'new/app', tag: 'v1' };
    const before = await everything();

    const explained = await post('images?dryRun=true', request);
    expect(explained).toMatchObject({ status: 200, json: { dryRun: true, registry: 'added' } });
    expect(explained.json.calls).toMatchObject([
      { method: 'POST', path: '/api/v0/images', body: { new_registry: { password: '***' } } },
    ]);
    expect(await everything()).toBe(before);

    expect(await post('images', request)).toMatchObject({ status: 201 });
    expect(await post('images', request)).toMatchObject({ status: 200 });
    expect(JSON.parse((await app.api('GET', 'registries/added')).text)).toMatchObject({
      resourceId: fabrikam?.resourceId,
    });
    expect(
      await post('images', { ...request, newRegistry: { ...newRegistry, name: 'contoso' } }),
    ).toMatchObject({
      status: 409,
      json: { reason: 'registry-changed' },
    });
  });

  describe('of a new registry', () => {
    const request = (more: object = {}) => {
      const newRegistry = { name: 'adatum', resourceId: adatum().resourceId, credential: { kind: 'token' } };
      return { newRegistry, repository: 'new/app', tag: 'v1', ...more };
    };
    const adatum = () => app.environment.cloud.otherRegistries[1] as OtherRegistry;
    const accounts = () => app.environment.cloud.standIns.arm.accounts(adatum().resourceId);
    const tokens = () => accounts().tokens.all();

    test('makes nothing when the registry does not have the image', async () => {
      const before = await everything();

      const answer = await post('images', request({ tag: 'missing' }));

      expect(answer).toMatchObject({ status: 422, json: { reason: 'gone' } });
      expect(await everything()).toBe(before);
      expect(tokens()).toEqual([]);
    });

    test('removes the registry again, with its password and token, when Coder refuses the image', async () => {
      await app.push('new/app:v1', image(), adatum().standIn);
      app.environment.cloud.standIns.coder.faults.add({ method: 'POST', path: '/images$', status: 400 });

      const answer = await post('images', request());
      app.clearFaults();

      expect(answer).toMatchObject({ status: 422, json: { reason: 'coder-rejected' } });
      expect(await app.api('GET', 'registries/adatum')).toMatchObject({ status: 404 });
      expect(app.environment.cloud.standIns.keyVault.values()).not.toHaveProperty('registry-adatum-password');
      expect(tokens()).toEqual([]);
      expect(JSON.stringify(accounts().scopeMaps.all())).not.toContain('coder-acr-bridge');
      expect(JSON.stringify(await app.environment.cloud.standIns.tables.dump())).not.toContain('adatum');
    });
  });

  test('every fault of a request is told at once', async () => {
    const answer = await post('images', {
      registry: 'contoso',
      repository: 'UPPER',
      tag: '-',
      cpuCores: -1,
      more: 1,
    });

    expect(answer.status).toBe(400);
    const paths = answer.json.errors.map(({ path }: { path: string }) => path);
    expect(paths.sort()).toEqual(['cpuCores', 'more', 'repository', 'tag']);
  });
});

describe('POST /images?dryRun=true changes nothing, and says what would be done', () => {
  const explain = async (repository: string, more: object = {}) => {
    const before = await everything();
    const { status, json } = await post('images?dryRun=true', {
      ...{ registry: 'contoso', repository, tag: 'v1', ...more },
    });
    expect(status).toBe(200);
    expect(await everything()).toBe(before);
    return json;
  };

  test('of a new image', async () => {
    const digest = await app.push('dry/app:v1', image());

    expect(await explain('dry/app')).toMatchObject({
      policy: { action: 'import', rule: 2 },
      found: { digest, kind: 'image', platforms: ['linux/amd64'] },
      calls: [
        { method: 'POST', path: '/api/v0/images', body: { repository: 'dry/app', default_cpu_cores: 2 } },
      ],
      image: { state: 'imported', reason: 'image-created' },
      wouldAnswer: 201,
    });
  });

  test('of a tag that moved, with other values', async () => {
    await app.push('team/app:v1', image({ content: 'again' }));

    const { calls, image: record } = await explain('team/app', { cpuCores: 3 });

    const [known] = inCoder('team/app');
    expect(calls).toEqual([
      { method: 'POST', path: `/api/v0/images/${known?.id}/tags/update` },
      { method: 'PATCH', path: `/api/v0/images/${known?.id}`, body: { default_cpu_cores: 3 } },
    ]);
    expect(record).toMatchObject({ reason: 'tag-refreshed' });
  });

  test.each([
    [
      'an excluded image',
      'no/app',
      async () => '',
      { policy: { action: 'skip', rule: 0 }, found: null, wasAsked: false, image: { reason: 'excluded' } },
    ],
    [
      'a tag that never was',
      'nowhere',
      async () => '',
      { found: null, wasAsked: true, calls: [], image: null, reason: 'gone', wouldAnswer: 422 },
    ],
    [
      'an index that lacks a platform',
      'multi',
      () => app.push('multi:v1', index([image()])),
      {
        policy: { rule: 1 },
        found: { kind: 'index', platforms: ['linux/amd64'] },
        calls: [],
        image: { reason: 'waiting-for-platforms', remedy: expect.stringContaining('platforms') },
      },
    ],
    [
      'an artifact',
      'chart/app',
      () => app.push('chart/app:v1', artifact()),
      { found: { kind: 'other', what: expect.any(String) }, calls: [], image: { reason: 'not-an-image' } },
    ],
  ])('of %s', async (_, repository, push, expected) => {
    await push();

    expect(await explain(repository)).toMatchObject(expected);
  });
});

describe('POST /images/replay', () => {
  test('one parked image is tried at once', async () => {
    await app.push('parked/app:v1', image());
    app.environment.cloud.standIns.coder.faults.add({ method: 'POST', status: 400, times: 1 });
    const request = { registry: 'contoso', repository: 'parked/app', tag: 'v1' };
    expect(await post('images', request)).toMatchObject({ status: 422, json: { reason: 'coder-rejected' } });

    expect(await post('images/replay', request)).toMatchObject({ status: 200, json: { state: 'imported' } });
  });

  test('all of a registry with one reason are tried by the next sweep, and no others', async () => {
    const { coder } = app.environment.cloud.standIns;
    for (const name of ['a', 'b', 'c']) await app.push(`many/${name}:v1`, image({ content: name }));
    const import_ = (name: string) =>
      post('images', { registry: 'contoso', repository: `many/${name}`, tag: 'v1' });
    coder.faults.add({ method: 'POST', status: 400, times: 2 });
    await import_('a');
    await import_('b');
    coder.faults.add({ status: 403, times: 1 });
    await import_('c');

    const answer = await post('images/replay', { registry: 'contoso', reason: 'coder-rejected' });
    expect(answer).toMatchObject({ status: 202, json: { replayed: 2, complete: true } });
    await app.request('/admin/functions/reconcile', {
      method: 'POST',
      headers: { 'x-functions-key': app.environment.keys.master, 'content-type': 'application/json' },
      body: '{}',
    });

    for (const name of ['a', 'b']) {
      await until(async () => (await app.record(`many/${name}:v1`))?.state === 'imported');
    }
    expect(await app.record('many/c:v1')).toMatchObject({ state: 'failed', reason: 'coder-unauthorized' });
  });

  test.each([
    ['an unknown registry', { registry: 'unknown' }, 404],
    ['an unknown image', { registry: 'contoso', repository: 'unheard/of', tag: 'v1' }, 404],
    ['a repository without a tag', { registry: 'contoso', repository: 'parked/app' }, 400],
    ['a reason that is none', { registry: 'contoso', reason: 'because' }, 400],
    ['a reason for one image', { registry: 'contoso', repository: 'a', tag: 'b', reason: 'gone' }, 400],
  ])('%s is refused', async (_, request, status) => {
    expect((await post('images/replay', request)).status).toBe(status);
  });
});

test('GET /images of an unknown registry is refused, not answered with an empty list', async () => {
  expect(await app.api('GET', 'images?registry=contosso')).toMatchObject({
    status: 404,
    text: expect.stringContaining('There is no registry contosso.'),
  });
});

describe('GET /images/{registry}/{repository}', () => {
  test('gives the newest imported image, with a reference that is pinned by digest', async () => {
    for (const tag of ['v1', 'v2']) {
      await app.push(`pin/app:${tag}`, image({ content: tag }));
      await post('images', { registry: 'contoso', repository: 'pin/app', tag });
    }

    const { status, text } = await app.api('GET', 'images/contoso/pin/app');

    const { loginServer } = app.environment.cloud.standIns.registry;
    const { tag, digest, pinnedReference } = JSON.parse(text);
    expect([status, tag, pinnedReference]).toEqual([200, 'v2', `${loginServer}/pin/app@${digest}`]);
  });

  test('goes on giving what Coder has while a newer digest is pending', async () => {
    const before = JSON.parse((await app.api('GET', 'images/contoso/pin/app')).text);
    await app.push('pin/app:v2', image({ content: 'newer' }));
    app.environment.cloud.standIns.coder.faults.add({ status: 503 });
    const pending = await post('images', { registry: 'contoso', repository: 'pin/app', tag: 'v2' });
    app.clearFaults();

    const { status, text } = await app.api('GET', 'images/contoso/pin/app');

    expect(pending.json.digest).not.toBe(before.digest);
    expect([status, JSON.parse(text).pinnedReference]).toEqual([200, before.pinnedReference]);
  });

  test.each([
    ['a repository without an imported image', 'images/contoso/no/app', 404],
    ['no repository at all', 'images/contoso/UPPER', 400],
  ])('%s is refused', async (_, path, status) => {
    expect((await app.api('GET', path)).status).toBe(status);
  });
});
