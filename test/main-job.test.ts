import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../infra/local/oci-image.ts';
import { addSampleRegistry, pushSampleImage } from '../infra/local/sample.ts';
import { encodeEvent } from '../infra/local/stand-ins/event-grid/events.ts';
import { type App, startApp, until } from './support/app.ts';
import { call, pushEvent } from './support/bridge.ts';
import { shownIn } from './support/shown-secrets.ts';

let app: App;
let environment: App['environment'];
let tls: App['tls'];

beforeAll(async () => {
  app = await startApp();
  ({ environment, tls } = app);
  await addSampleRegistry(environment);
});
afterEach(() => app.clearFaults());
afterAll(() => app.close());

const whenImported = (reference: string, digest: string) =>
  until(async () => {
    const seen = await app.record(reference);
    return seen?.state === 'imported' && seen.digest === digest && seen;
  });

function tagsInCoder(repository: string) {
  const images = environment.cloud.standIns.coder
    .state()
    .images.filter(known => known.repository === repository);
  return images.map(({ tags }) => Object.fromEntries(tags.map(({ tag, latest_hash }) => [tag, latest_hash])));
}

/** Event Grid delivers the event of this push only when its clock moves on. */
async function pushWithoutEvent(reference: string): Promise<string> {
  const deliver = (shuffle: boolean) =>
    call(`${environment.cloud.standIns.eventGrid.url}/_stand-in/delivery`, 'POST', {}, { shuffle });
  await deliver(true);
  const digest = await app.push(reference, image({ content: reference }));
  await deliver(false);
  expect(await app.record(reference)).toBeUndefined();
  return digest;
}

/** Sweeps start half a second apart, as even the fastest finger would have it. */
const fireTimer = async () => {
  await delay(500);
  return fire();
};
const fire = () =>
  app.request('/admin/functions/reconcile', {
    method: 'POST',
    headers: { 'x-functions-key': environment.keys.master, 'content-type': 'application/json' },
    body: '{}',
  });

test('an image that is pushed arrives in Coder, and the sample does', async () => {
  const { digest } = await pushSampleImage(environment, tls.ca);

  expect(tagsInCoder('samples/workspace')).toEqual([{ v1: digest }]);
});

describe('Coder is down while an image is pushed', () => {
  test.each([
    ['answers 503', { status: 503 }],
    ['cuts the connections', { drop: 'before' as const }],
    ['does not answer at all', { delayMs: 40_000 }],
  ])(
    'it %s: the event is acknowledged, and the image arrives when Coder is back',
    async (name, fault) => {
      const { coder, eventGrid } = environment.cloud.standIns;
      const reference = `down/${name.replaceAll(' ', '-')}:v1`;
      coder.faults.add(fault);
      const digest = await app.push(reference, image({ content: name }));

      const pending = await until(async () => {
        const seen = await app.record(reference);
        return seen?.state === 'pending' && seen;
      });
      expect(pending).toMatchObject({
        reason: 'coder-unavailable',
        attempts: 1,
        nextAttemptOn: expect.any(String),
      });
      expect(pending.message).toContain('Coder');
      await eventGrid.idle();
      expect(eventGrid.deliveries().at(-1)).toMatchObject({ attempts: 1, lastStatus: 202 });

      coder.faults.clear();
      await until(async () => {
        await fireTimer();
        return (await app.record(reference))?.state === 'imported';
      });
      expect(tagsInCoder(reference.split(':')[0] as string)).toEqual([{ v1: digest }]);
    },
    60_000,
  );
});

test('with Table Storage down the event is not acknowledged, and nothing is lost when it is sent again', async () => {
  const { tables, eventGrid } = environment.cloud.standIns;
  tables.faults.add({ status: 503 });
  const digest = await app.push('storage/app:v1', image());
  await until(() => eventGrid.deliveries().find(({ lastStatus }) => lastStatus === 500));

  tables.faults.clear();
  eventGrid.advance(11_000);

  await whenImported('storage/app:v1', digest);
});

test('an app that is killed in the middle of an import does it after it is back', async () => {
  const { registry, eventGrid } = environment.cloud.standIns;
  registry.faults.add({ method: 'GET', path: 'crash/app/manifests/', delayMs: 30_000 });
  const asked = () =>
    registry.requests
      .all()
      .some(({ method, path }) => method === 'GET' && path.includes('crash%2Fapp/manifests/'));
  const digest = await app.push('crash/app:v1', image());
  await until(asked);

  await environment.host.crash();
  await until(() => eventGrid.deliveries().some(({ state }) => state === 'pending'));
  registry.faults.clear();
  eventGrid.advance(11_000);

  await whenImported('crash/app:v1', digest);
  expect(tagsInCoder('crash/app')).toEqual([{ v1: digest }]);
});

describe('a malformed event', () => {
  const valid = () => pushEvent(environment.cloud.registry.resourceId, 'evil/app:v1', new Date());
  test.each<[string, () => string, number]>([
    ['truncated', () => JSON.stringify([valid()]).slice(0, 200), 400],
    ['no JSON', () => 'hello', 400],
    ['an empty list', () => '[]', 202],
    ['an empty object', () => '[{}]', 202],
    ['without data', () => JSON.stringify([{ ...valid(), data: undefined }]), 202],
    [
      'of wrong types',
      () => JSON.stringify([{ ...valid(), data: { target: { repository: 7, tag: [] } } }]),
      202,
    ],
    [
      'with a tag that climbs',
      () => JSON.stringify([{ ...valid(), data: { target: { repository: 'a', tag: '../b' } } }]),
      202,
    ],
    [
      'a megabyte of junk',
      () => JSON.stringify([{ ...valid(), data: { target: { repository: 'a'.repeat(1 << 20) } } }]),
      202,
    ],
    ['of an unknown registry', () => JSON.stringify([{ ...valid(), topic: '/subscriptions/other' }]), 202],
  ])('that is %s is answered for good, and imports nothing', async (_, body, status) => {
    const before = environment.cloud.standIns.coder.requests.all().length;

    expect(await app.deliver(body())).toBe(status);

    expect(environment.cloud.standIns.coder.requests.all().length).toBe(before);
    expect((await app.request('/api/health')).status).toBe(200);
  });

  test('does not keep the others of its batch from being imported', async () => {
    const digest = await pushWithoutEvent('batch/app:v1');
    const event = pushEvent(environment.cloud.registry.resourceId, 'batch/app:v1', new Date());

    expect(await app.deliver(JSON.stringify([{}, event]))).toBe(202);

    expect(await app.record('batch/app:v1')).toMatchObject({ state: 'imported', digest });
  });
});

test('CloudEvents are understood as well', async () => {
  const digest = await pushWithoutEvent('cloud/app:v1');
  const event = pushEvent(environment.cloud.registry.resourceId, 'cloud/app:v1', new Date());
  const { body } = encodeEvent(event, 'CloudEventSchemaV1_0');

  expect(await app.deliver(body)).toBe(202);

  expect(JSON.parse(body)).toMatchObject({ specversion: '1.0', source: event.topic });
  expect(await app.record('cloud/app:v1')).toMatchObject({ state: 'imported', digest });
});

test('no secret that was ever issued is in a log, a table or an answer', async () => {
  await pushSampleImage(environment, tls.ca);
  expect((await app.api('GET', 'registries/contoso/diagnostics')).status).toBe(200);
  const { secrets, standIns } = environment.cloud;
  const places = {
    logs: app.logs.join('\n'),
    tables: JSON.stringify(await standIns.tables.dump()),
    answers: app.answers.join('\n'),
    requests: JSON.stringify(Object.values(standIns).map(({ requests }) => requests.all())),
  };

  expect(secrets.all().length).toBeGreaterThan(20);
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, `${place} holds something to search`).toBeGreaterThan(100);
    expect(shownIn(text, secrets.all()), `secrets in ${place}`).toEqual([]);
  }
});
