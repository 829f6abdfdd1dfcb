import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../../infra/local/faults.ts';
import { image } from '../../../infra/local/oci-image.ts';
import { sweep } from '../../../shared/images/sweep.ts';
import type { Services } from '../../../shared/services.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';
import { newLife } from '../../support/mortal.ts';

let bridge: Bridge;
let coder: Bridge['cloud']['standIns']['coder'];

beforeAll(async () => {
  bridge = await startBridge();
  ({ coder } = bridge.cloud.standIns);
  await bridge.put();
});
afterEach(() => bridge.clearFaults());
afterAll(() => bridge.close());

describe('when a service fails', () => {
  const CASES: [string, 'coder' | 'registry' | 'keyVault', Fault, string, string][] = [
    ['Coder answers 503', 'coder', { status: 503 }, 'pending', 'coder-unavailable'],
    ['Coder cuts the connection', 'coder', { drop: 'before' }, 'pending', 'coder-unavailable'],
    [
      'Coder asks to slow down',
      'coder',
      { status: 429, headers: { 'retry-after': '600' } },
      'pending',
      'coder-busy',
    ],
    ['a proxy answers with a page', 'coder', { status: 200, body: '<html>' }, 'pending', 'coder-unavailable'],
    [
      'Coder redirects',
      'coder',
      { status: 302, headers: { location: 'https://localhost:1/' } },
      'pending',
      'coder-unavailable',
    ],
    ['Coder refuses the token', 'coder', { status: 401 }, 'failed', 'coder-unauthorized'],
    [
      'Coder refuses the image',
      'coder',
      { method: 'POST', status: 400, body: { error: { msg: 'too big' } } },
      'failed',
      'coder-rejected',
    ],
    [
      'Coder shows 300 images as none should be',
      'coder',
      { path: '/images$', method: 'GET', body: Array(300).fill({ id: 1 }) },
      'pending',
      'coder-unavailable',
    ],
    [
      'the registry says a lot',
      'registry',
      { path: '/manifests/', status: 400, body: { errors: [{ message: 'x'.repeat(40_000) }] } },
      'pending',
      'manifest-unreadable',
    ],
    ['the registry answers 500', 'registry', { status: 500 }, 'pending', 'registry-unavailable'],
    [
      'the registry refuses our identity',
      'registry',
      { path: '/oauth2/', status: 401 },
      'pending',
      'registry-unauthorized',
    ],
  ];

  test.each(CASES)('%s', async (name, where, fault, state, reason) => {
    const reference = `fail/${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}:v1`;
    const digest = await bridge.push(reference, image({ content: name }));
    bridge.cloud.standIns[where].faults.add(fault);

    await bridge.pushed(reference);

    const record = await bridge.record(reference);
    expect(record).toMatchObject({ state, reason });
    expect(record?.dueOn === undefined).toBe(state === 'failed');
    expect(bridge.inCoder(reference.split(':')[0] as string)).toEqual([]);

    // After the trouble a sweep brings what is pending, and the next push what failed.
    bridge.cloud.standIns[where].faults.clear();
    bridge.cloud.clock.advance(3_600_000);
    if (state === 'pending') await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);
    else await bridge.pushed(reference);
    expect(bridge.inCoder(reference.split(':')[0] as string)).toEqual([{ v1: digest }]);
    expect(await bridge.record(reference)).toMatchObject({ state: 'imported', attempts: 0 });
  });

  test.each([
    ['Coder', 'coder', 'coder-busy'],
    ['the registry', 'registry', 'registry-unavailable'],
  ] as const)('%s that asks for a pause gets it, from every import', async (_, where, reason) => {
    const standIn = bridge.cloud.standIns[where];
    const [first, second] = [`pause/${where}:v1`, `pause/${where}:v2`];
    await bridge.push(first, image({ content: first }));
    await bridge.push(second, image({ content: second }));
    standIn.faults.add({ status: 429, headers: { 'retry-after': '200' }, times: 1 });
    const asked = bridge.cloud.clock.now().getTime();
    await bridge.pushed(first);
    const { length } = standIn.requests.all();

    await bridge.pushed(second);

    expect(standIn.requests.all().length).toBe(length);
    for (const reference of [first, second]) {
      const record = await bridge.record(reference);
      expect(record).toMatchObject({ state: 'pending', reason });
      // Answers carry whole seconds, and the second import is told what is left of the pause.
      expect(record?.dueOn?.getTime()).toBeGreaterThan(asked + 195_000);
    }
    bridge.cloud.clock.advance(400_000);
    await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);
    expect(await bridge.record(second)).toMatchObject({ state: 'imported' });
  });

  test('a read that Coder fails to answer is made again at once, and a write is not', async () => {
    await bridge.push('reread/app:v1', image());
    coder.faults.add({ method: 'GET', status: 503, times: 2 });
    await bridge.pushed('reread/app:v1');
    expect(await bridge.record('reread/app:v1')).toMatchObject({ state: 'imported' });

    await bridge.push('reread/app:v2', image({ content: 'two' }));
    coder.faults.add({ method: 'POST', status: 503, times: 1 });
    await bridge.pushed('reread/app:v2');
    expect(await bridge.record('reread/app:v2')).toMatchObject({ state: 'pending', attempts: 1 });
  });

  test('an import whose answer was lost is found, not made again', async () => {
    const digest = await bridge.push('lost/app:v1', image());
    coder.faults.add({ method: 'POST', path: '/images$', drop: 'after', times: 1 });
    await bridge.pushed('lost/app:v1');
    expect(await bridge.record('lost/app:v1')).toMatchObject({
      state: 'pending',
      reason: 'coder-unavailable',
    });

    bridge.cloud.clock.advance(3_600_000);
    await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);

    expect(bridge.inCoder('lost/app')).toEqual([{ v1: digest }]);
    expect(await bridge.record('lost/app:v1')).toMatchObject({
      state: 'imported',
      reason: 'already-in-coder',
    });
  });

  test('an instance that died while it held a repository is waited for no longer than its lease', async () => {
    const digest = await bridge.push('dead/app:v1', image());
    const dying = bridge.anotherInstance();
    const before = bridge.askedOfCoder('GET', /\/images\?/);
    coder.faults.add({ method: 'GET', path: '/images$', delayMs: 3_000, times: 1 });
    const stuck = bridge.pushed('dead/app:v1', { services: dying });
    await expect
      .poll(() => bridge.askedOfCoder('GET', /\/images\?/), { interval: 10 })
      .toBeGreaterThan(before);

    bridge.cloud.clock.advance(60_000);
    await bridge.pushed('dead/app:v1');
    expect(await bridge.record('dead/app:v1')).toMatchObject({ state: 'imported', digest });
    await stuck;

    expect(await bridge.record('dead/app:v1')).toMatchObject({ state: 'imported', digest });
  });

  test('attempts end, and say so; events that come before the time use up none', async () => {
    const impatient = bridge.anotherInstance({ IMPORT_MAX_ATTEMPTS: '2' });
    await bridge.push('end/app:v1', image());
    coder.faults.add({ status: 503 });

    await bridge.pushed('end/app:v1', { services: impatient });
    await bridge.pushed('end/app:v1', { services: impatient });
    expect(await bridge.record('end/app:v1')).toMatchObject({ state: 'pending', attempts: 1 });

    bridge.cloud.clock.advance(60_000);
    await sweep(impatient, AbortSignal.timeout(30_000), bridge.log);

    const record = await bridge.record('end/app:v1');
    expect(record).toMatchObject({ state: 'failed', reason: 'coder-unavailable', attempts: 2 });
    expect(record?.message).toContain('Given up after 2 attempts');
    expect(record?.dueOn).toBeUndefined();
  });

  test('a session token that was replaced in Key Vault is picked up at once', async () => {
    const { keyVault } = bridge.cloud.standIns;
    await bridge.push('token/app:v1', image());
    await bridge.push('token/app:v2', image({ content: 'two' }));
    const { token } = bridge.cloud.coder;
    const instance = bridge.anotherInstance();
    keyVault.put('coder-session-token', 'outdated');
    await bridge.pushed('token/app:v1', { services: instance });
    expect(await bridge.record('token/app:v1')).toMatchObject({
      state: 'failed',
      reason: 'coder-unauthorized',
    });

    keyVault.put('coder-session-token', token);
    await bridge.pushed('token/app:v2', { services: instance });

    expect(await bridge.record('token/app:v2')).toMatchObject({ state: 'imported' });
  });

  test('with Table Storage down the event is not acknowledged, and comes through when it is sent again', async () => {
    const digest = await bridge.push('tables/app:v1', image());
    bridge.cloud.standIns.tables.faults.add({ status: 500 });
    await expect(bridge.pushed('tables/app:v1')).rejects.toThrow('Table Storage');
    bridge.cloud.standIns.tables.faults.clear();

    await bridge.pushed('tables/app:v1');

    expect(bridge.inCoder('tables/app')).toEqual([{ v1: digest }]);
  });

  test('when the row of the registry in Coder cannot be written, the event is not acknowledged', async () => {
    await bridge.push('link/app:v1', image());
    bridge.cloud.standIns.tables.faults.add({ path: "RowKey='link\\|app'", status: 500 });

    await expect(bridge.pushed('link/app:v1')).rejects.toThrow('Table Storage');

    expect(await bridge.record('link/app:v1')).toBeUndefined();
  });

  test('another digest has all its attempts before it', async () => {
    await bridge.push('reset/app:v1', image({ content: 'one' }));
    coder.faults.add({ status: 503 });
    await bridge.pushed('reset/app:v1');
    bridge.cloud.clock.advance(60_000);
    await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);
    expect(await bridge.record('reset/app:v1')).toMatchObject({ state: 'pending', attempts: 2 });

    await bridge.push('reset/app:v1', image({ content: 'two' }));
    await bridge.pushed('reset/app:v1');

    expect(await bridge.record('reset/app:v1')).toMatchObject({ state: 'pending', attempts: 1 });
  });

  test('an outcome that could not be written makes no second image', async () => {
    const digest = await bridge.push('write/app:v1', image());
    bridge.cloud.standIns.tables.faults.add({ method: 'POST', path: '\\$batch', status: 500 });
    await expect(bridge.pushed('write/app:v1')).rejects.toThrow('Table Storage');
    bridge.cloud.standIns.tables.faults.clear();

    await bridge.pushed('write/app:v1');

    expect(bridge.inCoder('write/app')).toEqual([{ v1: digest }]);
  });

  test('two sweeps at once, in two instances, try what is due once', async () => {
    const other = bridge.anotherInstance();
    /** How often the registry is asked for the image while it is swept up. */
    const askedFor = async (repository: string, instances: Services[]) => {
      await bridge.push(`${repository}:v1`, image());
      coder.faults.add({ status: 503 });
      await bridge.pushed(`${repository}:v1`);
      coder.faults.clear();
      bridge.cloud.clock.advance(60_000);
      const { requests } = bridge.cloud.standIns.registry;
      requests.clear();
      await Promise.all(instances.map(each => sweep(each, AbortSignal.timeout(30_000), bridge.log)));
      expect(await bridge.record(`${repository}:v1`)).toMatchObject({ state: 'imported' });
      const path = `/v2/${encodeURIComponent(repository)}/manifests/v1`;
      return requests.all().filter(each => each.path === path && each.status === 200).length;
    };

    const byOne = await askedFor('once/app', [bridge.services]);

    expect(await askedFor('twice/app', [bridge.services, other])).toBe(byOne);
  });

  test('an image at which a sweep died is tried again by a later one', async () => {
    await bridge.push('died/app:v1', image());
    coder.faults.add({ status: 503 });
    await bridge.pushed('died/app:v1');
    coder.faults.clear();
    bridge.cloud.clock.advance(60_000);
    const dying = { life: newLife(12), services: bridge.anotherInstance() };
    const died = await dying.life.run(() => sweep(dying.services, AbortSignal.timeout(30_000), bridge.log));

    expect(died).toBe('died');
    expect(await bridge.record('died/app:v1')).toMatchObject({ state: 'pending' });
    bridge.cloud.clock.advance(31_000);
    await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);

    expect(await bridge.record('died/app:v1')).toMatchObject({ state: 'imported' });
  });
});
