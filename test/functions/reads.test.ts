import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import { addSampleRegistry } from '../../infra/local/sample.ts';
import { type App, NO_TIMERS, startApp, until } from '../support/app.ts';
import { pushEvent } from '../support/bridge.ts';

// What programs need of reads: to wait for an image, to learn that nothing changed, to find some images of many.

let app: App;
let digest: string;

beforeAll(async () => {
  app = await startApp({ subscribed: false, settings: NO_TIMERS });
  await addSampleRegistry(app.environment);
  digest = await app.push('team/app:v1', image());
  await importImage('team/app');
});
afterAll(() => app.close());

const importImage = (repository: string) =>
  app.api('POST', 'images', { registry: 'contoso', repository, tag: 'v1' });

async function read(path: string, headers: Record<string, string> = {}) {
  const { host, keys } = app.environment;
  const response = await fetch(`${host.url}/api/${path}`, {
    headers: { 'x-functions-key': keys.host, ...headers },
  });
  const text = await response.text();
  const { status } = response;
  return { status, headers: response.headers, json: text ? JSON.parse(text) : undefined };
}

describe('GET /images/{registry}/{repository}:{tag}?waitSeconds=', () => {
  test('answers a settled image at once', async () => {
    const answer = await read('images/contoso/team/app:v1?waitSeconds=60');

    expect(answer).toMatchObject({ status: 200, json: { state: 'imported', digest } });
    expect(answer.headers.has('retry-after')).toBe(false);
  });

  test('answers once an image that the bridge did not know is settled', async () => {
    await app.push('late/app:v1', image());

    const waiting = read('images/contoso/late/app:v1?waitSeconds=60');
    await importImage('late/app');

    expect(await waiting).toMatchObject({ status: 200, json: { state: 'imported' } });
  });

  test('answers 202 with Retry-After while the image is still pending; a plain read answers 200', async () => {
    await app.push('away/app:v1', image());
    app.environment.cloud.standIns.coder.faults.add({ status: 503 });
    const posted = await fetch(`${app.environment.host.url}/api/images`, {
      method: 'POST',
      headers: { 'x-functions-key': app.environment.keys.host, 'content-type': 'application/json' },
      body: JSON.stringify({ registry: 'contoso', repository: 'away/app', tag: 'v1' }),
    });
    app.clearFaults();

    const waited = await read('images/contoso/away/app:v1?waitSeconds=1');

    for (const { status, headers } of [posted, waited]) {
      expect(status).toBe(202);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await read('images/contoso/away/app:v1')).status).toBe(200);
  });

  test.each([
    ['what never comes', 'none/app:v1?waitSeconds=1', 404],
    ['a longer wait than a request may take', 'team/app:v1?waitSeconds=61', 400],
    ['a wait that is no number', 'team/app:v1?waitSeconds=long', 400],
    ['what is no digest', 'team/app:v1?digest=v1', 400],
  ])('%s is refused', async (_, path, status) => {
    expect((await read(`images/contoso/${path}`)).status).toBe(status);
  });
});

describe('a caller who knows the ETag', () => {
  test.each(['images/contoso/team/app:v1', 'images?registry=contoso&state=imported'])(
    'gets nothing anew of %s until it changes',
    async path => {
      const first = await read(path);
      const etag = first.headers.get('etag') as string;

      expect(first.status).toBe(200);
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const answer = await read(path, { 'if-none-match': known });
        expect([known, answer.status, answer.json]).toEqual([known, 304, undefined]);
        if (known !== '*') expect(answer.headers.get('etag')).toBe(etag);
      }
      expect((await read(path, { 'if-none-match': '"other"' })).status).toBe(200);
    },
  );

  test('gets the record when it changed', async () => {
    const path = 'images/contoso/team/app:v1';
    const etag = (await read(path)).headers.get('etag') as string;
    await app.push('team/app:v1', image({ content: 'moved' }));
    await importImage('team/app');

    const answer = await read(path, { 'if-none-match': etag });

    expect([answer.status, answer.headers.get('etag') === etag]).toEqual([200, false]);
  });
});

describe('GET /images', () => {
  test('shows of each image what pulls exactly its digest', async () => {
    const { items } = (await read('images?repository=team/app')).json;

    const { loginServer } = app.environment.cloud.standIns.registry;
    expect(items).toMatchObject([
      { pinnedReference: `${loginServer}/team/app@${items[0].digest}`, state: 'imported' },
    ]);
  });

  test.each([
    ['state=pending,imported&repository=away/app', ['away/app']],
    ['state=imported&state=pending&repository=away/app', ['away/app']],
    ['state=pending&state=imported&repository=away/app', ['away/app']],
    ['reason=coder-unavailable', ['away/app']],
    ['order=updatedOn&limit=1', ['team/app']],
  ])('finds by %s', async (query, repositories) => {
    const { items } = (await read(`images?${query}`)).json;

    expect(items.map(({ repository }: { repository: string }) => repository)).toEqual(repositories);
  });

  test.each([
    ['state=imported,lost', 'state[1]'],
    ['reason=because', 'reason'],
    ['repository=UPPER', 'repository'],
    ['repository=team/app&repository=away/app', 'repository'],
    ['digest=v1', 'digest'],
    ['order=size', 'order'],
  ])('%s is refused', async (query, path) => {
    expect(await read(`images?${query}`)).toMatchObject({ status: 400, json: { errors: [{ path }] } });
  });
});

test('the timer counts, and registries then say when the last event came', async () => {
  const { keys, cloud } = app.environment;
  const before = (await read('registries/contoso')).json;
  await app.push('heard/app:v1', image());
  await app.deliver(JSON.stringify([pushEvent(cloud.registry.resourceId, 'heard/app:v1', new Date())]));
  const { pushedOn } = (await read('images/contoso/heard/app:v1?waitSeconds=20')).json;
  const headers = { 'x-functions-key': keys.master, 'content-type': 'application/json' };
  await app.request('/admin/functions/reconcile', { method: 'POST', headers, body: '{}' });

  const registry = await until(async () => {
    const { json } = await read('registries/contoso');
    return json.lastEventOn && json;
  });

  expect(before).not.toHaveProperty('lastEventOn');
  expect(registry).toMatchObject({ lastEventOn: pushedOn });
  expect((await read('registries')).json.items).toEqual([registry]);
  const { json } = await read('summary');
  expect(json).toMatchObject({
    asOf: json.registries[0].countedOn,
    images: { byState: { imported: expect.any(Number) } },
    registries: [{ name: 'contoso', light: 'green', causes: [], lastEventOn: pushedOn }],
    templates: [],
  });
  const etag = (await read('summary')).headers.get('etag') as string;
  expect((await read('summary', { 'if-none-match': etag })).status).toBe(304);
});
