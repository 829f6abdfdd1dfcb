import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { image, index } from '../../../infra/local/oci-image.ts';
import { ClassicRepositoryRow, repositoryRow } from '../../../shared/coder/classic/memory.ts';
import { ConflictError } from '../../../shared/errors.ts';
import { importImage } from '../../../shared/images/import.ts';
import { sweep } from '../../../shared/images/sweep.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;
let coder: Bridge['cloud']['standIns']['coder'];
let registry: Bridge['cloud']['standIns']['registry'];

beforeAll(async () => {
  bridge = await startBridge();
  ({ coder, registry } = bridge.cloud.standIns);
  await bridge.put();
});
afterEach(() => bridge.clearFaults());
afterAll(() => bridge.close());

describe('however often and in whatever order events come', () => {
  test('ten at once are one import', async () => {
    await bridge.push('burst/app:v1', image());

    await Promise.all(Array.from({ length: 10 }, () => bridge.pushed('burst/app:v1')));

    expect(bridge.inCoder('burst/app')).toHaveLength(1);
    expect(await bridge.record('burst/app:v1')).toMatchObject({ state: 'imported' });
  });

  test('ten one after the other ask Coder once', async () => {
    await bridge.push('turned/app:v1', image());
    await bridge.pushed('turned/app:v1');
    const before = coder.requests.all().length;

    for (let i = 0; i < 9; i++) await bridge.pushed('turned/app:v1');

    expect(coder.requests.all().length).toBe(before);
  });

  test('many tags of a new repository, in two instances at once, make one image', async () => {
    const tags = Array.from({ length: 6 }, (_, i) => `two/app:v${i}`);
    await Promise.all(tags.map((tag, i) => bridge.push(tag, image({ content: String(i) }))));
    const other = bridge.anotherInstance();

    await Promise.all(tags.flatMap(tag => [bridge.pushed(tag), bridge.pushed(tag, { services: other })]));

    const [only, ...more] = bridge.inCoder('two/app');
    expect(more).toEqual([]);
    expect(Object.keys(only ?? {}).sort()).toEqual(tags.map(tag => tag.split(':')[1]));
    expect(bridge.askedOfCoder('POST', /\/tags$/)).toBe(
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
    expect(bridge.inCoder('overtaken/app')).toEqual([{ v1: digest }]);
  });
});

describe('what two instances do at once', () => {
  test('a tag that is moved back while another instance forwards it ends as the registry has it', async () => {
    const other = bridge.anotherInstance();
    const first = await bridge.push('back/app:v1', image({ content: 'first' }));
    await bridge.pushed('back/app:v1');
    await bridge.push('back/app:v1', image({ content: 'second' }));
    const asked = () => bridge.askedOfCoder('POST', /tags\/update$/);
    const before = asked();
    coder.faults.add({ method: 'POST', path: '/tags/update$', delayMs: 1_000, times: 1 });
    const slow = bridge.pushed('back/app:v1', { services: other });
    await expect.poll(asked, { interval: 10 }).toBeGreaterThan(before);

    await bridge.push('back/app:v1', image({ content: 'first' }));
    await bridge.pushed('back/app:v1');
    await slow;

    expect(await bridge.record('back/app:v1')).toMatchObject({ state: 'imported', digest: first });
    expect(bridge.inCoder('back/app')).toEqual([{ v1: first }]);
  });

  test('a tag that is moved back just after Coder has read it ends as the registry has it', async () => {
    const other = bridge.anotherInstance();
    const first = await bridge.push('turned/app:v1', image({ content: 'first' }));
    await bridge.pushed('turned/app:v1');
    await bridge.push('turned/app:v1', image({ content: 'second' }));
    const before = bridge.askedOfCoder('POST', /tags\/update$/);
    const slow = bridge.pushed('turned/app:v1', { services: other });
    await expect
      .poll(() => bridge.askedOfCoder('POST', /tags\/update$/), { interval: 5 })
      .toBeGreaterThan(before);
    // Coder reads the second digest; the answer that says so takes its time.
    coder.faults.add({ method: 'GET', path: '/tags/v1$', delayMs: 1_000, times: 1 });

    await bridge.push('turned/app:v1', image({ content: 'first' }));
    await bridge.pushed('turned/app:v1');
    await slow;

    expect(await bridge.record('turned/app:v1')).toMatchObject({ state: 'imported', digest: first });
    expect(bridge.inCoder('turned/app')).toEqual([{ v1: first }]);
  });

  test('a tag that moves while its import waits for another instance is imported as it is then', async () => {
    const other = bridge.anotherInstance();
    const of = (content: string) => index([image({ content }), image({ content, platform: 'linux/arm64' })]);
    await bridge.push('waits/app:v1', of('first'));
    await bridge.pushed('waits/app:v1');
    await bridge.push('waits/app:v1', of('second'));
    const asked = () => registry.requests.all().filter(({ path }) => /waits.*manifests/.test(path)).length;
    const key = repositoryRow({ name: 'contoso' }, 'waits/app');
    let waiting = Promise.resolve();
    let third = '';
    const rows = bridge.services.leasedRows.rows(ClassicRepositoryRow);
    await rows.withLease(key, AbortSignal.timeout(10_000), async () => {
      const before = asked();
      waiting = bridge.pushed('waits/app:v1', { services: other });
      await expect.poll(asked, { interval: 10 }).toBeGreaterThan(before);
      third = await bridge.push('waits/app:v1', of('third'));
    });
    await waiting;

    expect(await bridge.record('waits/app:v1')).toMatchObject({ state: 'imported', digest: third });
  });

  test('a tag that another client adds first is found on the next attempt', async () => {
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

    await expect(images.save({ ...record, message: 'outdated' }, seen)).rejects.toThrow('changed in between');
    await expect(images.save(record, undefined)).rejects.toThrow('changed in between');
  });
});

test('after a burst of pushes of one tag Coder has the last one', async () => {
  let digest = '';
  const events: Promise<void>[] = [];
  const other = bridge.anotherInstance();
  for (let i = 0; i < 20; i++) {
    digest = await bridge.push('burst/app:v1', image({ content: `burst ${i}` }));
    events.push(bridge.pushed('burst/app:v1'), bridge.pushed('burst/app:v1', { services: other }));
  }
  await Promise.all(events);

  expect(await bridge.record('burst/app:v1')).toMatchObject({ state: 'imported', digest, attempts: 0 });
  expect(bridge.inCoder('burst/app')).toEqual([{ v1: digest }]);
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

test('after a conflict Coder is looked at again, whatever another worker recorded', async () => {
  await bridge.push('doubt/app:v1', image({ content: 'one' }));
  await bridge.pushed('doubt/app:v1');
  const digest = await bridge.push('doubt/app:v2', image({ content: 'two' }));
  const id = coder.state().images.find(({ repository }) => repository === 'doubt/app')?.id;
  const { images } = bridge.services;
  let isFirst = true;
  const save: typeof images.save = async (record, previous) => {
    if (!isFirst) return images.save(record, previous);
    isFirst = false;
    // The other worker records what Coder had before this one was done with it.
    await images.save(record, previous);
    await bridge.askCoder('DELETE', `/api/v0/images/${id}/tags/v2`);
    return images.save(record, previous);
  };
  const request = { registry: 'contoso', repository: 'doubt/app', tag: 'v2' };

  await importImage(
    { ...bridge.services, images: { ...images, save } },
    request,
    AbortSignal.timeout(20_000),
  );

  expect(bridge.inCoder('doubt/app')).toEqual([{ v1: expect.any(String), v2: digest }]);
});

describe('an import whose time is over tries to write its outcome', () => {
  /** The first saves are refused, as when other workers write the record all the time. */
  function refusing(saves: number) {
    const { images } = bridge.services;
    let refused = 0;
    const save: typeof images.save = (...saved) => {
      if (refused >= saves) return images.save(...saved);
      refused += 1;
      return Promise.reject(new ConflictError('changed in between'));
    };
    return { ...bridge.services, images: { ...images, save } };
  }

  test('again when another worker wrote the record', async () => {
    const request = { registry: 'contoso', repository: 'contended/app', tag: 'v1' };

    await importImage(refusing(10), request, AbortSignal.abort());

    expect(await bridge.record('contended/app:v1')).toMatchObject({ state: 'pending', reason: 'coder-busy' });
  });

  test('and leaves the event to its next delivery when others go on writing', async () => {
    const request = { registry: 'contoso', repository: 'contended/app', tag: 'v2' };

    await expect(importImage(refusing(1_000), request, AbortSignal.abort())).rejects.toThrow(ConflictError);
  });
});

test('a burst never has more calls to Coder under way than the setting allows', async () => {
  const careful = bridge.anotherInstance({ CODER_MAX_CONCURRENT: '2' });
  const references = Array.from({ length: 12 }, (_, i) => `calm${i}/app:v1`);
  await Promise.all(references.map(reference => bridge.push(reference, image({ content: reference }))));
  // Every answer takes a while, so that calls would overlap if they could.
  coder.faults.add({ delayMs: 30 });
  coder.requests.clear();

  await Promise.all(references.map(reference => bridge.pushed(reference, { services: careful })));

  expect(coder.requests.peak()).toBe(2);
});

test('a repository that is held elsewhere keeps no other from being imported', async () => {
  const { leasedRows } = bridge.anotherInstance();
  const held = Array.from({ length: 40 }, (_, i) => `held/app:v${i}`);
  await Promise.all([...held, 'free/app:v1'].map(reference => bridge.push(reference, image())));
  let release = () => {};
  const holding = leasedRows
    .rows(ClassicRepositoryRow)
    .withLease(
      repositoryRow({ name: 'contoso' }, 'held/app'),
      AbortSignal.timeout(20_000),
      () => new Promise<void>(resolve => (release = resolve)),
    );
  await expect.poll(() => leasedRows.anyHeld('contoso')).toBe(true);

  const waiting = Promise.all(held.map(reference => bridge.pushed(reference)));
  await bridge.pushed('free/app:v1');

  expect(await bridge.record('free/app:v1')).toMatchObject({ state: 'imported' });
  expect((await Promise.all(held.map(bridge.record))).filter(Boolean)).toEqual([]);
  release();
  await Promise.all([holding, waiting]);
}, 60_000);
