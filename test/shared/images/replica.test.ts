import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { image } from '../../../infra/local/oci-image.ts';
import { handleEvent } from '../../../shared/images/receive.ts';
import { sweep } from '../../../shared/images/sweep.ts';
import { reconcile } from '../../../shared/reconciliation/reconcile.ts';
import { type Bridge, deleteEvent, startBridge } from '../../support/bridge.ts';

// A registry with replicas: the one that is asked may not have yet what was pushed to another one.

let bridge: Bridge;
let registry: Bridge['cloud']['standIns']['registry'];

beforeAll(async () => {
  bridge = await startBridge();
  ({ registry } = bridge.cloud.standIns);
  await bridge.put({ policy: { rules: [{ repository: '**', onDelete: 'remove' }] } });
});
afterEach(async () => {
  bridge.clearFaults();
  await bridge.lag(false);
});
afterAll(() => bridge.close());

/** Looks again when some time has passed, once. */
async function look(seconds: number): Promise<void> {
  bridge.cloud.clock.advance(seconds * 1_000);
  const ending = new AbortController();
  const services = { ...bridge.services, wait: async () => ending.abort() };
  await sweep(services, ending.signal, bridge.log);
}

async function imported(reference: string, content: string): Promise<string> {
  const digest = await bridge.push(reference, image({ content }));
  await bridge.pushed(reference, { digest });
  expect(await bridge.record(reference)).toMatchObject({ state: 'imported', digest });
  bridge.cloud.clock.advance(1_000);
  return digest;
}

test('a tag that is not shown yet is waited for, and taken from Coder by no push', async () => {
  const old = await imported('absent/app:v1', 'old');
  await imported('absent/app:v2', 'other');
  registry.faults.add({ method: 'GET', path: 'absent/app/(manifests|_tags)/v1$', status: 404 });
  const digest = await bridge.push('absent/app:v1', image({ content: 'new' }));

  await bridge.pushed('absent/app:v1', { digest });
  await look(11);

  const record = await bridge.record('absent/app:v1');
  expect(record).toMatchObject({ state: 'pending', reason: 'waiting-for-registry', awaited: { digest } });
  expect(bridge.inCoder('absent/app')).toEqual([{ v1: old, v2: expect.any(String) }]);

  registry.faults.clear();
  await look(11);
  expect(await bridge.record('absent/app:v1')).toMatchObject({ state: 'imported', digest });
  expect(bridge.inCoder('absent/app')).toEqual([{ v1: digest, v2: expect.any(String) }]);
});

test('a tag of which the old digest is shown is waited for', async () => {
  const old = await imported('moved/app:v1', 'old');
  await bridge.lag(true);
  const digest = await bridge.push('moved/app:v1', image({ content: 'new' }));

  await bridge.pushed('moved/app:v1', { digest });
  await look(11);
  expect(await bridge.record('moved/app:v1')).toMatchObject({ reason: 'waiting-for-registry', digest: old });
  expect(bridge.inCoder('moved/app')).toEqual([{ v1: old }]);

  await bridge.lag(false);
  await look(11);
  const record = await bridge.record('moved/app:v1');
  expect(record).toMatchObject({ state: 'imported', digest });
  expect(record?.awaited).toBeUndefined();
  expect(bridge.inCoder('moved/app')).toEqual([{ v1: digest }]);
});

test('an image that is new is waited for', async () => {
  await bridge.lag(true);
  const digest = await bridge.push('fresh/app:v1', image());

  await bridge.pushed('fresh/app:v1', { digest });
  expect(await bridge.record('fresh/app:v1')).toMatchObject({ reason: 'waiting-for-registry' });

  await bridge.lag(false);
  await look(11);
  expect(await bridge.record('fresh/app:v1')).toMatchObject({ state: 'imported', digest });
});

test('an outage of the registry in between does not make it forget what it waits for', async () => {
  const old = await imported('outage/app:v1', 'old');
  await bridge.lag(true);
  const digest = await bridge.push('outage/app:v1', image({ content: 'new' }));
  registry.faults.add({ method: 'GET', path: 'outage/app/manifests/v1$', status: 503 });
  await bridge.pushed('outage/app:v1', { digest });
  expect(await bridge.record('outage/app:v1')).toMatchObject({ reason: 'registry-unavailable' });

  registry.faults.clear();
  await look(60);
  expect(await bridge.record('outage/app:v1')).toMatchObject({ reason: 'waiting-for-registry' });
  expect(bridge.inCoder('outage/app')).toEqual([{ v1: old }]);
  await bridge.lag(false);
  await look(11);

  expect(await bridge.record('outage/app:v1')).toMatchObject({ state: 'imported', digest });
});

test('an old event that comes late moves nothing back, whatever a replica shows', async () => {
  const manifest = image({ content: 'first' });
  const first = await bridge.push('late/app:v1', manifest);
  const firstPushedOn = bridge.cloud.clock.now();
  bridge.cloud.clock.advance(1_000);
  const second = await imported('late/app:v1', 'second');
  const headers = { 'content-type': manifest.mediaType, 'docker-content-digest': first };
  const body = manifest.content.toString();
  registry.faults.add({ method: 'GET', path: 'late/app/manifests/v1$', status: 200, headers, body });

  await bridge.pushed('late/app:v1', { digest: first, at: firstPushedOn });
  await look(11);

  expect(await bridge.record('late/app:v1')).toMatchObject({ reason: 'waiting-for-registry' });
  expect(bridge.inCoder('late/app')).toEqual([{ v1: second }]);
  registry.faults.clear();
  await look(11);
  expect(await bridge.record('late/app:v1')).toMatchObject({ state: 'imported', digest: second });
});

test('the event of a push after which there was another one brings the other one', async () => {
  const first = await bridge.push('twice/app:v1', image({ content: 'first' }));
  const firstPushedOn = bridge.cloud.clock.now();
  bridge.cloud.clock.advance(5_000);
  const second = await bridge.push('twice/app:v1', image({ content: 'second' }));

  await bridge.pushed('twice/app:v1', { digest: first, at: firstPushedOn });

  expect(await bridge.record('twice/app:v1')).toMatchObject({ state: 'imported', digest: second });
});

test('a tag that stays missing is looked for a minute and a half, and is gone then', async () => {
  await imported('nowhere/app:v1', 'one');
  const digest = await imported('nowhere/app:v2', 'two');
  await bridge.untag('nowhere/app:v2');
  await bridge.pushed('nowhere/app:v2', { digest });
  for (let seconds = 0; seconds < 80; seconds += 20) {
    await look(20);
    expect(await bridge.record('nowhere/app:v2')).toMatchObject({ reason: 'waiting-for-registry' });
  }

  await look(20);

  const record = await bridge.record('nowhere/app:v2');
  expect(record).toMatchObject({ state: 'removed', reason: 'removed-from-coder' });
  expect(record?.dueOn).toBeUndefined();
  await bridge.pushed('nowhere/app:v2', { digest, at: record?.pushedOn as Date });
  expect(await bridge.record('nowhere/app:v2')).toMatchObject({ reason: 'removed-from-coder' });
});

test('a delete that the registry confirms is not waited for', async () => {
  await imported('deleted/app:v1', 'one');
  const digest = await imported('deleted/app:v2', 'two');
  await bridge.deleteManifest('deleted/app', digest);
  const event = deleteEvent(bridge.cloud.registry.resourceId, 'deleted/app', digest, new Date());

  await handleEvent(bridge.services, event, bridge.log);

  expect(await bridge.record('deleted/app:v2')).toMatchObject({ reason: 'removed-from-coder' });
});

test('a tag that is listed again once the image is locked is not taken from Coder', async () => {
  await imported('back/app:v1', 'one');
  const digest = await imported('back/app:v2', 'two');
  registry.faults.add({ method: 'GET', path: 'back/app/manifests/v2$', status: 404 });
  registry.faults.add({ method: 'GET', path: 'back/app/_tags/v2$', status: 404, times: 1 });
  const event = deleteEvent(bridge.cloud.registry.resourceId, 'back/app', digest, new Date());

  await handleEvent(bridge.services, event, bridge.log);

  expect(await bridge.record('back/app:v2')).toMatchObject({ reason: 'waiting-for-registry' });
  expect(bridge.inCoder('back/app')).toEqual([{ v1: expect.any(String), v2: digest }]);
});

test('a tag that is listed without its manifest has a reason of its own, stays in Coder, and is no difference', async () => {
  const digest = await imported('broken/app:v1', 'one');
  registry.faults.add({ method: 'GET', path: 'broken/app/manifests/', status: 404 });
  await bridge.push('broken/app:v2', image({ content: 'two' }));
  await bridge.pushed('broken/app:v2');
  await look(95);

  expect(await bridge.record('broken/app:v2')).toMatchObject({ state: 'failed', reason: 'manifest-missing' });
  expect(bridge.inCoder('broken/app')).toEqual([{ v1: digest }]);
  const { name } = bridge.cloud.registry;
  await bridge.services.reports.start(name, false);
  await reconcile(bridge.services, name, AbortSignal.timeout(30_000), bridge.log);
  const report = await bridge.services.reports.get(name);
  expect(report?.findings.filter(({ repository }) => repository === 'broken/app')).toEqual([]);
});

test('one sweep looks again several times, and ends when there is nothing to wait for', async () => {
  await bridge.lag(true);
  const digest = await bridge.push('timer/app:v1', image());
  await bridge.pushed('timer/app:v1', { digest });
  const waits: number[] = [];
  const services = {
    ...bridge.services,
    async wait(ms: number) {
      waits.push(ms);
      bridge.cloud.clock.advance(ms);
      if (waits.length === 3) await bridge.lag(false);
    },
  };

  await sweep(services, AbortSignal.timeout(30_000), bridge.log);

  expect(waits).toHaveLength(3);
  for (const ms of waits) expect(ms).toBeLessThanOrEqual(10_000);
  expect(await bridge.record('timer/app:v1')).toMatchObject({ state: 'imported', digest });
  await sweep(services, AbortSignal.timeout(30_000), bridge.log);
  expect(waits).toHaveLength(3);
});

test('the event of a push that is not shown yet is acknowledged at once', async () => {
  await bridge.lag(true);
  await bridge.push('quick/app:v1', image());
  const wait = async () => expect.unreachable();

  await bridge.pushed('quick/app:v1', { services: { ...bridge.services, wait } });

  expect(await bridge.record('quick/app:v1')).toMatchObject({ reason: 'waiting-for-registry' });
});
