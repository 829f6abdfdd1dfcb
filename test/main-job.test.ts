import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Environment, startEnvironment } from '../infra/local/environment.ts';
import { image, type OciManifest } from '../infra/local/oci-image.ts';
import { pushImage } from '../infra/local/push-image.ts';
import { addSampleRegistry, pushSampleImage } from '../infra/local/sample.ts';
import type { Tls } from '../infra/local/tls.ts';
import { pushEvent, split, testTls } from './support/bridge.ts';

// The bundle in its host, Event Grid delivering, and everything over the wire: what `npm start` runs.

let environment: Environment;
let tls: Tls;
/** What the app and its host wrote. */
const logs: string[] = [];
/** Every answer that anybody got from the bridge. */
const answers: string[] = [];

beforeAll(async () => {
  tls = await testTls();
  environment = await startEnvironment({ tls, onLog: line => logs.push(line) });
  await addSampleRegistry(environment);
});
afterEach(() => {
  for (const standIn of Object.values(environment.cloud.standIns)) standIn.faults.clear();
});
afterAll(() => environment.close());

async function request(path: string, init: RequestInit = {}) {
  const response = await fetch(`${environment.host.url}${path}`, init);
  const text = await response.text();
  answers.push(JSON.stringify([...response.headers]), text);
  return { status: response.status, text };
}

async function record(reference: string) {
  const headers = { 'x-functions-key': environment.keys.host };
  const { status, text } = await request(`/api/images/contoso/${reference}`, { headers });
  return status === 200 ? JSON.parse(text) : undefined;
}

function push(reference: string, manifest: OciManifest): Promise<string> {
  const { standIns, registry } = environment.cloud;
  const { repository, tag } = split(reference);
  return pushImage(
    { registryUrl: standIns.registry.url, ...registry.pusher, ca: tls.ca },
    repository,
    manifest,
    tag,
  );
}

/** Looks again and again until it is so; the limit of the test ends it. */
async function until<T>(look: () => T | Promise<T>): Promise<NonNullable<T>> {
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    await delay(20);
  }
}

const whenImported = (reference: string, digest: string) =>
  until(async () => {
    const seen = await record(reference);
    return seen?.state === 'imported' && seen.digest === digest && seen;
  });

function tagsInCoder(repository: string) {
  const images = environment.cloud.standIns.coder
    .state()
    .images.filter(known => known.repository === repository);
  return images.map(({ tags }) => Object.fromEntries(tags.map(({ tag, latest_hash }) => [tag, latest_hash])));
}

/** Sweeps start half a second apart, as even the fastest finger would have it. */
const fireTimer = async () => {
  await delay(500);
  return fire();
};
const fire = () =>
  request('/admin/functions/reconcile', {
    method: 'POST',
    headers: { 'x-functions-key': environment.keys.master, 'content-type': 'application/json' },
    body: '{}',
  });

/** Posts to the webhook as Event Grid does. */
const deliver = async (body: string) =>
  (
    await request(environment.eventGridUrl.slice(environment.host.url.length), {
      method: 'POST',
      headers: { 'aeg-event-type': 'Notification', 'content-type': 'application/json' },
      body,
    })
  ).status;

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
      const digest = await push(reference, image({ content: name }));

      const pending = await until(async () => {
        const seen = await record(reference);
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
        return (await record(reference))?.state === 'imported';
      });
      expect(tagsInCoder(reference.split(':')[0] as string)).toEqual([{ v1: digest }]);
    },
    60_000,
  );
});

test('with Table Storage down the event is not acknowledged, and nothing is lost when it is sent again', async () => {
  const { tables, eventGrid } = environment.cloud.standIns;
  tables.faults.add({ status: 503 });
  const digest = await push('storage/app:v1', image());
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
  const digest = await push('crash/app:v1', image());
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

    expect(await deliver(body())).toBe(status);

    expect(environment.cloud.standIns.coder.requests.all().length).toBe(before);
    expect((await request('/api/health')).status).toBe(200);
  });

  test('does not keep the others of its batch from being imported', async () => {
    const digest = await push('batch/app:v1', image());
    await whenImported('batch/app:v1', digest);

    expect(
      await deliver(
        JSON.stringify([{}, pushEvent(environment.cloud.registry.resourceId, 'batch/app:v1', new Date())]),
      ),
    ).toBe(202);
  });
});

test('CloudEvents are understood as well', async () => {
  const { eventGrid, registry } = environment.cloud.standIns;
  await eventGrid.subscribe({ endpoint: environment.eventGridUrl, schema: 'CloudEventSchemaV1_0' });

  await whenImported('cloud/app:v1', await push('cloud/app:v1', image()));

  await eventGrid.idle();
  expect(eventGrid.deliveries().filter(({ lastStatus }) => lastStatus !== 202 && lastStatus !== 500)).toEqual(
    [],
  );
  expect(registry.url).toContain('localhost');
});

test('no secret that was ever issued is in a log, a table or an answer', async () => {
  await pushSampleImage(environment, tls.ca);
  const { secrets, standIns } = environment.cloud;
  const places = {
    logs: logs.join('\n'),
    tables: JSON.stringify(await standIns.tables.dump()),
    answers: answers.join('\n'),
    requests: JSON.stringify(Object.values(standIns).map(({ requests }) => requests.all())),
  };

  expect(secrets.all().length).toBeGreaterThan(20);
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, `${place} holds something to search`).toBeGreaterThan(100);
    expect(
      secrets.all().filter(secret => text.includes(secret)),
      `secrets in ${place}`,
    ).toEqual([]);
  }
});
