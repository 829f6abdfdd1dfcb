import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../infra/local/faults.ts';
import { artifact, image, index } from '../../infra/local/oci-image.ts';
import { handleEvent } from '../../shared/handle-event.ts';
import { importImage } from '../../shared/import.ts';
import { sweep } from '../../shared/sweep.ts';
import { type Bridge, deleteEvent, pushEvent, startBridge } from '../support/bridge.ts';

let bridge: Bridge;
let coder: Bridge['cloud']['standIns']['coder'];
let registry: Bridge['cloud']['standIns']['registry'];
let topic: string;

beforeAll(async () => {
  bridge = await startBridge();
  ({ coder, registry } = bridge.cloud.standIns);
  topic = bridge.cloud.registry.resourceId;
  await bridge.put();
});
afterEach(() => {
  for (const standIn of Object.values(bridge.cloud.standIns)) standIn.faults.clear();
});
afterAll(() => bridge.close());

/** Every image of that repository in Coder, each with its tags and their digests. */
function inCoder(repository: string) {
  return coder
    .state()
    .images.filter(candidate => candidate.repository === repository)
    .map(({ tags }) => Object.fromEntries(tags.map(({ tag, latest_hash }) => [tag, latest_hash])));
}

const count = (method: string, path: RegExp) =>
  coder.requests.all().filter(request => request.method === method && path.test(request.path)).length;

describe('the life of an image', () => {
  test('its first tag imports it, with what its labels ask for', async () => {
    const digest = await bridge.push(
      'life/app:v1',
      image({
        labels: {
          'com.coder.cpu-cores': '4',
          'org.opencontainers.image.description': 'Node 22',
          'org.opencontainers.image.source': 'https://github.com/contoso/app',
        },
      }),
    );

    await bridge.pushed('life/app:v1');

    expect(inCoder('life/app')).toEqual([{ v1: digest }]);
    expect(coder.state().images.at(-1)).toMatchObject({
      default_cpu_cores: 4,
      default_memory_gb: 2,
      default_disk_gb: 10,
      description: 'Node 22',
      url: 'https://github.com/contoso/app',
      default_tag: 'v1',
    });
    expect(await bridge.record('life/app:v1')).toMatchObject({
      state: 'imported',
      reason: 'image-created',
      digest,
    });
  });

  test('a second tag is added to the same image, and the default stays', async () => {
    const digest = await bridge.push('life/app:v2', image({ content: 'two' }));

    await bridge.pushed('life/app:v2');

    expect(inCoder('life/app')).toEqual([{ v1: expect.any(String), v2: digest }]);
    expect(coder.state().images.at(-1)).toMatchObject({ default_tag: 'v1' });
    expect(await bridge.record('life/app:v2')).toMatchObject({
      state: 'imported',
      reason: 'tag-added',
      digest,
    });
  });

  test('a tag that moves is refreshed', async () => {
    const digest = await bridge.push('life/app:v1', image({ content: 'moved' }));

    await bridge.pushed('life/app:v1');

    expect(inCoder('life/app')).toEqual([expect.objectContaining({ v1: digest })]);
    expect(await bridge.record('life/app:v1')).toMatchObject({
      state: 'imported',
      reason: 'tag-refreshed',
      digest,
    });
  });

  test('a tag that is deleted is removed from the records, and Coder keeps what it has', async () => {
    const digest = (await bridge.record('life/app:v2'))?.digest as string;
    const before = inCoder('life/app');
    registry.faults.add({
      method: 'GET',
      path: '/manifests/v2$',
      status: 404,
      body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] },
    });

    await handleEvent(bridge.services, deleteEvent(topic, 'life/app', digest, new Date()), bridge.log);

    expect(await bridge.record('life/app:v2')).toMatchObject({ state: 'removed', reason: 'gone' });
    expect(await bridge.record('life/app:v1')).toMatchObject({ state: 'imported' });
    expect(inCoder('life/app')).toEqual(before);
  });

  test('an event of a delete is not believed while the registry has the tag', async () => {
    const digest = (await bridge.record('life/app:v1'))?.digest as string;

    await handleEvent(bridge.services, deleteEvent(topic, 'life/app', digest, new Date()), bridge.log);

    expect(await bridge.record('life/app:v1')).toMatchObject({ state: 'imported', digest });
  });
});

test('an index of several platforms is one import, and its children are none', async () => {
  const platforms = ['linux/amd64', 'linux/arm64'].map(platform => image({ platform, content: platform }));
  const digest = await bridge.push('multi/app:v1', index(platforms));

  await bridge.pushed('multi/app:v1');

  expect(inCoder('multi/app')).toEqual([{ v1: digest }]);
});

test('an image that somebody imported by hand is adopted, not imported again', async () => {
  await bridge.push('hand/app:v1', image({ content: 'by hand' }));
  const digest = await bridge.push('hand/app:v2', image({ content: 'by push' }));
  const headers = { 'session-token': bridge.cloud.coder.token, 'content-type': 'application/json' };
  const [known] = coder.state().registries;
  const body = { registry_id: known?.id, org_id: known?.organization_id, repository: 'hand/app', tag: 'v1' };
  const sizes = { default_cpu_cores: 1, default_memory_gb: 1, default_disk_gb: 1, description: '', url: '' };
  const answer = await fetch(`${coder.url}/api/v0/images`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ ...body, ...sizes }),
  });
  expect(answer.status).toBe(201);

  await bridge.pushed('hand/app:v2');

  expect(inCoder('hand/app')).toEqual([{ v1: expect.any(String), v2: digest }]);
});

describe('what is no image, or not wanted, never reaches Coder', () => {
  test.each([
    [
      'a Helm chart',
      'chart:1.0.0',
      artifact({ configMediaType: 'application/vnd.cncf.helm.config.v1+json' }),
      'not-an-image',
    ],
    [
      'an artifact with the empty config',
      'sbom:v1',
      artifact({ artifactType: 'application/spdx+json' }),
      'not-an-image',
    ],
    ['a signature', `app:sha256-${'a'.repeat(64)}.sig`, artifact({}), 'excluded'],
  ])('%s', async (_, name, manifest, reason) => {
    await bridge.push(`odd/${name}`, manifest);
    const before = coder.requests.all().length;

    await bridge.pushed(`odd/${name}`);

    expect(await bridge.record(`odd/${name}`)).toMatchObject({ state: 'skipped', reason });
    expect(coder.requests.all().length).toBe(before);
  });

  test.each([
    ['untagged', { ...pushEvent('', 'odd/app:v1', new Date()), data: { target: { repository: 'odd/app' } } }],
    ['unknown-registry', pushEvent('/subscriptions/other', 'odd/app:v1', new Date())],
    ['not-an-acr-event', { hello: 'world' }],
  ])('an event that is %s is logged, and acknowledged', async (reason, event) => {
    await handleEvent(bridge.services, { topic, ...event }, bridge.log);

    expect(bridge.logged.at(-1)).toContain(`"reason":"${reason}"`);
  });
});

describe('however often and in whatever order events come', () => {
  test('ten at once are one import', async () => {
    await bridge.push('burst/app:v1', image());

    await Promise.all(Array.from({ length: 10 }, () => bridge.pushed('burst/app:v1')));

    expect(inCoder('burst/app')).toHaveLength(1);
    expect(await bridge.record('burst/app:v1')).toMatchObject({ state: 'imported' });
  });

  test('ten one after the other ask Coder once', async () => {
    await bridge.push('again/app:v1', image());
    await bridge.pushed('again/app:v1');
    const before = coder.requests.all().length;

    for (let i = 0; i < 9; i++) await bridge.pushed('again/app:v1');

    expect(coder.requests.all().length).toBe(before);
  });

  test('many tags of a new repository, in two instances at once, make one image', async () => {
    const tags = Array.from({ length: 6 }, (_, i) => `two/app:v${i}`);
    await Promise.all(tags.map((tag, i) => bridge.push(tag, image({ content: String(i) }))));
    const other = bridge.anotherInstance();

    await Promise.all(tags.flatMap(tag => [bridge.pushed(tag), bridge.pushed(tag, { services: other })]));

    const [only, ...more] = inCoder('two/app');
    expect(more).toEqual([]);
    expect(Object.keys(only ?? {}).sort()).toEqual(tags.map(tag => tag.split(':')[1]));
    expect(count('POST', /\/tags$/)).toBe(
      new Set(coder.state().images.flatMap(({ id, tags: all }) => all.slice(1).map(({ tag }) => id + tag)))
        .size,
    );
  });

  test('an import that was overtaken does not write its outdated digest', async () => {
    const asked = () => registry.requests.all().filter(({ path }) => /overtaken.*blobs/.test(path)).length;
    await bridge.push('overtaken/app:v1', image({ content: 'first' }));
    await bridge.pushed('overtaken/app:v1');
    await bridge.push('overtaken/app:v1', image({ content: 'old' }));
    registry.faults.add({ method: 'GET', path: 'overtaken.*/blobs/', delayMs: 1_500, times: 1 });
    const before = asked();
    const slow = bridge.pushed('overtaken/app:v1');
    await expect.poll(asked, { interval: 10 }).toBeGreaterThan(before);

    const digest = await bridge.push('overtaken/app:v1', image({ content: 'new' }));
    await bridge.pushed('overtaken/app:v1');
    await slow;

    expect(await bridge.record('overtaken/app:v1')).toMatchObject({ state: 'imported', digest });
    expect(inCoder('overtaken/app')).toEqual([{ v1: digest }]);
  });
});

describe('what two instances do at once', () => {
  test('a tag that is moved back while another instance forwards it ends as the registry has it', async () => {
    const other = bridge.anotherInstance();
    const first = await bridge.push('back/app:v1', image({ content: 'first' }));
    await bridge.pushed('back/app:v1');
    await bridge.push('back/app:v1', image({ content: 'second' }));
    const asked = () => count('POST', /tags\/update$/);
    const before = asked();
    coder.faults.add({ method: 'POST', path: '/tags/update$', delayMs: 1_000, times: 1 });
    const slow = bridge.pushed('back/app:v1', { services: other });
    await expect.poll(asked, { interval: 10 }).toBeGreaterThan(before);

    await bridge.push('back/app:v1', image({ content: 'first' }));
    await bridge.pushed('back/app:v1');
    await slow;

    expect(await bridge.record('back/app:v1')).toMatchObject({ state: 'imported', digest: first });
    expect(inCoder('back/app')).toEqual([{ v1: first }]);
  });

  test('a tag that somebody else adds first is found on the next attempt', async () => {
    await bridge.push('taken/app:v1', image());
    await bridge.pushed('taken/app:v1');
    const digest = await bridge.push('taken/app:v2', image({ content: 'two' }));
    const refusal = { error: { msg: "image tag 'v2' already exists" } };
    coder.faults.add({ method: 'POST', path: '/tags$', status: 409, body: refusal, times: 1 });
    await bridge.pushed('taken/app:v2');
    expect(await bridge.record('taken/app:v2')).toMatchObject({ state: 'pending', reason: 'coder-busy' });

    bridge.cloud.clock.advance(60_000);
    await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);

    expect(await bridge.record('taken/app:v2')).toMatchObject({ state: 'imported', digest });
  });

  test('a record that was decided on an outdated one is refused', async () => {
    await bridge.push('cas/app:v1', image());
    await bridge.pushed('cas/app:v1');
    const { images } = bridge.services;
    const seen = await images.get('contoso', { repository: 'cas/app', tag: 'v1' });
    if (!seen) throw new Error('no record');
    const { etag: _, ...record } = seen;
    await images.save({ ...record, message: 'newer' }, seen);

    await expect(images.save({ ...record, message: 'outdated' }, seen)).rejects.toThrow('changed meanwhile');
    await expect(images.save(record, undefined)).rejects.toThrow('changed meanwhile');
  });
});

test('a tag that one replica does not show yet is looked for once more', async () => {
  const digest = await bridge.push('replica/app:v1', image());
  const missing = { errors: [{ code: 'MANIFEST_UNKNOWN' }] };
  registry.faults.add({
    method: 'GET',
    path: 'replica/app/manifests/v1$',
    status: 404,
    body: missing,
    times: 1,
  });
  await bridge.pushed('replica/app:v1');
  expect(await bridge.record('replica/app:v1')).toMatchObject({ state: 'removed', reason: 'gone' });

  bridge.cloud.clock.advance(61_000);
  await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);

  expect(await bridge.record('replica/app:v1')).toMatchObject({ state: 'imported', digest });
});

test('a tag that stays missing is not looked for for ever', async () => {
  await bridge.pushed('nowhere/app:v1');
  expect((await bridge.record('nowhere/app:v1'))?.dueOn).toBeDefined();

  bridge.cloud.clock.advance(61_000);
  await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);

  const record = await bridge.record('nowhere/app:v1');
  expect(record).toMatchObject({ state: 'removed', reason: 'gone' });
  expect(record?.dueOn).toBeUndefined();
});

test('of a storm of pushes of one tag the last one is what Coder has', async () => {
  let digest = '';
  const told: Promise<void>[] = [];
  const other = bridge.anotherInstance();
  for (let i = 0; i < 20; i++) {
    digest = await bridge.push('storm/app:v1', image({ content: `storm ${i}` }));
    told.push(bridge.pushed('storm/app:v1'), bridge.pushed('storm/app:v1', { services: other }));
  }
  await Promise.all(told);

  expect(await bridge.record('storm/app:v1')).toMatchObject({ state: 'imported', digest, attempts: 0 });
  expect(inCoder('storm/app')).toEqual([{ v1: digest }]);
});

test('an import whose time is over before its turn comes is put off, not lost', async () => {
  const digest = await bridge.push('late/app:v1', image());
  const request = { registry: 'contoso', repository: 'late/app', tag: 'v1' };

  await importImage(bridge.services, request, AbortSignal.abort());
  expect(await bridge.record('late/app:v1')).toMatchObject({ state: 'pending', reason: 'coder-busy' });

  bridge.cloud.clock.advance(60_000);
  await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);
  expect(await bridge.record('late/app:v1')).toMatchObject({ state: 'imported', digest });
});

test('a burst never has more calls to Coder under way than the setting allows', async () => {
  const careful = bridge.anotherInstance({ CODER_MAX_CONCURRENT: '2' });
  const references = Array.from({ length: 12 }, (_, i) => `calm${i}/app:v1`);
  await Promise.all(references.map(reference => bridge.push(reference, image({ content: reference }))));
  // Every answer takes a while, so that calls would overlap if they could.
  coder.faults.add({ delayMs: 30 });
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, coder.requests.all().filter(({ status }) => status === undefined).length - stuck);
  }, 2);
  const stuck = coder.requests.all().filter(({ status }) => status === undefined).length;

  await Promise.all(references.map(reference => bridge.pushed(reference, { services: careful })));
  clearInterval(watch);

  expect(most).toBeLessThanOrEqual(2);
  expect(most).toBeGreaterThan(0);
});

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
    expect(inCoder(reference.split(':')[0] as string)).toEqual([]);

    // After the trouble a sweep brings what is pending, and the next push what failed.
    bridge.cloud.standIns[where].faults.clear();
    bridge.cloud.clock.advance(3_600_000);
    if (state === 'pending') await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);
    else await bridge.pushed(reference);
    expect(inCoder(reference.split(':')[0] as string)).toEqual([{ v1: digest }]);
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

    expect(inCoder('lost/app')).toEqual([{ v1: digest }]);
    expect(await bridge.record('lost/app:v1')).toMatchObject({
      state: 'imported',
      reason: 'already-in-coder',
    });
  });

  test('an instance that died while it held a repository is waited for no longer than its lease', async () => {
    const digest = await bridge.push('dead/app:v1', image());
    const dying = bridge.anotherInstance();
    const before = count('GET', /\/images\?/);
    coder.faults.add({ method: 'GET', path: '/images$', delayMs: 3_000, times: 1 });
    const stuck = bridge.pushed('dead/app:v1', { services: dying });
    await expect.poll(() => count('GET', /\/images\?/), { interval: 10 }).toBeGreaterThan(before);

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

    expect(inCoder('tables/app')).toEqual([{ v1: digest }]);
  });

  test('a link that cannot be written is no outcome: the event is not acknowledged', async () => {
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

    expect(inCoder('write/app')).toEqual([{ v1: digest }]);
  });
});
