import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startFunctionsHost } from '../../../../infra/local/functions-host/host.ts';
import { type BundledApp, bundleApp } from './bundle-app.ts';
import { type FixtureHost, KEYS, startFixtureHost } from './fixture-host.ts';

let host: FixtureHost;
beforeAll(async () => {
  host = await startFixtureHost();
});
beforeEach(() => {
  host.lines.length = 0;
});
afterAll(() => host.close());

describe('the admin API', () => {
  function trigger(name: string, body: string): Promise<Response> {
    return host.call(`/admin/functions/${name}?code=m`, { method: 'POST', body });
  }

  test.each(['GET', 'POST'])('%s ping is open', async method => {
    expect((await host.call('/admin/host/ping', { method })).status).toBe(200);
  });

  test.each([
    ['GET', '/admin/host/status'],
    ['GET', '/admin/functions'],
    ['POST', '/admin/functions/tick'],
    ['GET', '/admin/functions/guarded/keys'],
    ['GET', '/admin/host/systemkeys/eventgrid_extension'],
    ['GET', '/admin/unknown'],
  ])('%s %s needs the master key', async (method, path) => {
    expect((await host.call(path, { method })).status).toBe(401);
    expect((await host.call(path, { method, headers: { 'x-functions-key': 'h' } })).status).toBe(401);
  });

  test('tells the state, the functions, their keys and the Event Grid key', async () => {
    const get = async (path: string) =>
      (await host.call(path, { headers: { 'x-functions-key': 'm' } })).json();

    expect(await get('/admin/host/status')).toMatchObject({ state: 'Running' });
    expect(await get('/admin/host/systemkeys/eventgrid_extension')).toEqual({
      name: 'eventgrid_extension',
      value: 'e',
    });
    expect(await get('/admin/functions/GUARDED/keys')).toEqual({ keys: [{ name: 'default', value: 'g' }] });
    expect(await get('/admin/functions/private/keys')).toEqual({
      keys: [{ name: 'default', value: expect.stringMatching(/^[\w-]{43}$/) }],
    });
    expect(await get('/admin/functions')).toEqual(host.functions);
    expect(host.functions).toContainEqual({
      name: 'guarded',
      trigger: 'httpTrigger',
      disabled: false,
      route: 'guarded',
      methods: ['GET'],
      authLevel: 'function',
    });
  });

  test('fires a timer by hand, whose input is in camel case and has no status', async () => {
    expect((await trigger('TICK', '{}')).status).toBe(202);

    expect(await host.logLine('tick')).toContain(
      '{"schedule":{"adjustForDST":true},"scheduleStatus":null,"isPastDue":false}',
    );
  });

  test('hands an event to an Event Grid function, and answers before that has failed', async () => {
    const input = JSON.stringify({ id: '9', data: { fail: true } });

    expect((await trigger('onEvent', JSON.stringify({ input }))).status).toBe(202);
    expect(await host.logLine('failed')).toContain('cannot take 9');
  });

  test.each([
    ['unknown', '{}', 404],
    ['tick', 'hello', 400],
    ['tick', '{"input":7}', 400],
    ['onEvent', '{"input":"not an event"}', 400],
    ['echo', '{"input":""}', 400],
  ])('does not fire %s with the body %s', async (name, body, status) => {
    expect((await trigger(name, body)).status).toBe(status);
  });
});

describe('in process', () => {
  test('invoke waits for the end, and throws what the function threw', async () => {
    await host.invoke('tick');
    expect(host.lines).toHaveLength(1);

    await expect(host.invoke('onEvent', { id: '3', data: { fail: true } })).rejects.toThrow('cannot take 3');
    await expect(host.invoke('echo')).rejects.toThrow('cannot be invoked');
  });

  test('log hooks of the app change what is logged', async () => {
    await host.invoke('onEvent', { id: 'open sesame' });

    expect(host.lines.join()).toContain('open ***');
  });
});

test('an app can be given as a function that loads it, with the installed library', async () => {
  const loaded = await startFunctionsHost({
    app: () => import('./fixture-app.ts'),
    port: 0,
    keys: KEYS,
    routePrefix: '',
    log: () => {},
  });
  const response = await fetch(`${loaded.url}/guarded?code=g`);
  await loaded.close();

  expect(await response.text()).toBe('in');
});

describe('an app that the platform would refuse', () => {
  let bundles: BundledApp[] = [];
  afterEach(async () => {
    await Promise.all(bundles.map(bundle => bundle.remove()));
    bundles = [];
  });

  test.each([
    ['registers nothing', '', 'registered no function'],
    ['streams', `app.setup({ enableHttpStream: true }); app.http('a', { handler })`, 'enableHttpStream'],
    [
      'has a trigger unknown here',
      `app.storageQueue('a', { queueName: 'q', connection: 'c', handler })`,
      'of function "a" cannot be run',
    ],
    ['has one name twice', `app.http('a', { handler }); app.http('A', { handler })`, 'already registered'],
    [
      'has conflicting routes',
      `app.http('a', { route: 'x', handler }); app.http('b', { route: 'x', handler })`,
      'conflicts',
    ],
    ['throws', `throw new Error('no such setting')`, 'no such setting'],
  ])('that %s does not start', async (_, source, message) => {
    const bundle = await bundleApp(
      `import { app } from '@azure/functions'; const handler = () => {}; ${source}`,
    );
    bundles.push(bundle);

    const start = startFunctionsHost({
      app: bundle.file,
      port: 0,
      keys: KEYS,
      routePrefix: 'api',
      log: () => {},
    });

    await expect(start).rejects.toThrow(message);
  });
});
