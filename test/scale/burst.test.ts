import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addSampleRegistry } from '../../infra/local/sample.ts';
import { readSettings } from '../../shared/settings.ts';
import { pushEvent } from '../support/bridge.ts';
import { partOf } from '../support/part.ts';
import { type LiveApp, startLiveApp, startReport, until } from './live-app.ts';
import { count, differences, imagesInCoder, pushMany } from './seed.ts';

// Ten thousand events at once for one instance, or a part of them: the bundle in its host, and all over the wire.

const REPOSITORIES = partOf(200);
const TAGS_EACH = 35;
/** A multiple of 100, so that each percentage of it is a whole number. */
const EVENTS = 100 * partOf(100);
/** POSTs that are under way at once: as many sockets as the sender holds open. */
const SOCKETS = 512;
/** How long Event Grid waits for an answer. */
const ANSWER_WAIT_MS = 30_000;
const RETRY_AFTER_MS = 1_000;
const MOST_MEMORY_MB = 512;
const MOST_CODER_CALLS = readSettings({
  ...{ TABLES_URL: 'https://tables', KEY_VAULT_URL: 'https://vault', CODER_URL: 'https://coder' },
}).CODER_MAX_CONCURRENT;

let app: LiveApp;

beforeAll(async () => {
  app = await startLiveApp();
  await addSampleRegistry(app.environment);
});
afterAll(() => app.close());

test('of a burst of events nothing is lost, Coder is spared, and memory stays bounded', async () => {
  const seed = randomInt(2 ** 32);
  const report = startReport('burst');
  const { coder, tables } = app.environment.cloud.standIns;
  const tags = Array.from({ length: TAGS_EACH }, (_, i) => `v${i}`);
  const repositories = Array.from({ length: REPOSITORIES }, (_, i) => `burst/app-${i}`);
  const wanted = await pushMany(app, new Map(repositories.map(repository => [repository, tags])));
  report(`${count(wanted)} images pushed to ${REPOSITORIES} repositories`);
  const idleMb = app.memory.peakMb();

  const events = burst(seed);
  coder.requests.clear();
  report(`${events.length} events, ${SOCKETS} under way at once, seed ${seed}`);
  const { posts, refused } = await deliver(events, report, acknowledged => {
    // So that there are POSTs to repeat, which takes more faults than clients try again, and that the sweep has
    // something to do: what fails until the burst is over
    // cannot have been swept meanwhile.
    if (acknowledged === EVENTS / 2) tables.faults.add({ status: 503, times: 500 });
    if (acknowledged === (EVENTS / 100) * 95)
      coder.faults.add({ method: 'POST', path: '/tags$', status: 503 });
  });
  report(`all acknowledged after ${posts} POSTs, of which ${refused} had another answer than 2xx`);

  const records = await app.records();
  const pending = records.filter(({ state }) => state === 'pending');
  report(`${records.length} records: ${JSON.stringify(tally(records.map(({ reason }) => reason)))}`);
  expect(new Set(records.map(({ repository, tag }) => `${repository}:${tag}`)).size).toBe(count(wanted));
  expect(
    records.filter(
      ({ state, nextAttemptOn }) => state !== 'imported' && !(state === 'pending' && nextAttemptOn),
    ),
  ).toEqual([]);
  expect(refused).toBeGreaterThan(0);
  expect(pending.length).toBeGreaterThan(0);

  coder.faults.clear();
  let sweeps = 0;
  // On the platform sweeps do not overlap; here a few may.
  await until(10_000, async () => {
    if ((await app.records('pending')).length === 0) return true;
    await app.sweep();
    sweeps += 1;
    return false;
  });
  report(`${pending.length} that were pending are imported after ${sweeps} sweeps`);

  const found = imagesInCoder(app);
  expect(differences(wanted, found).slice(0, 20)).toEqual([]);
  expect(count(found)).toBe(REPOSITORIES * TAGS_EACH);
  report(`Coder has ${count(found)} tags; it had at most ${coder.requests.peak()} calls at once`);
  expect(coder.requests.peak()).toBeLessThanOrEqual(MOST_CODER_CALLS);
  report(`the app took at most ${app.memory.peakMb()} MB, and ${idleMb} MB before the burst`);
  expect(app.memory.peakMb()).toBeGreaterThan(0);
  expect(app.memory.peakMb()).toBeLessThan(MOST_MEMORY_MB);
});

/** Bodies of POSTs: an event for each tag, and further copies of some, in no order. */
function burst(seed: number): string[] {
  const random = createRandom(seed);
  const { resourceId } = app.environment.cloud.registry;
  const bodies = Array.from({ length: REPOSITORIES * TAGS_EACH }, (_, i) => {
    const reference = `burst/app-${i % REPOSITORIES}:v${Math.floor(i / REPOSITORIES)}`;
    return JSON.stringify([pushEvent(resourceId, reference, new Date())]);
  });
  const distinct = bodies.length;
  while (bodies.length < EVENTS) bodies.push(bodies[Math.floor(random() * distinct)] as string);
  for (let i = bodies.length - 1; i > 0; i -= 1) {
    const other = Math.floor(random() * (i + 1));
    [bodies[i], bodies[other]] = [bodies[other] as string, bodies[i] as string];
  }
  return bodies;
}

/** Posts each event on its own, and posts it again until it is acknowledged, as Event Grid does. */
async function deliver(
  events: readonly string[],
  report: (line: string) => void,
  onAcknowledged: (count: number) => void,
) {
  const queue = [...events];
  let posts = 0;
  let acknowledged = 0;
  async function work(): Promise<void> {
    for (let body = queue.pop(); body !== undefined; body = queue.pop()) {
      posts += 1;
      if (await isAcknowledged(body)) {
        acknowledged += 1;
        if (acknowledged % (EVENTS / 10) === 0)
          report(`${acknowledged} acknowledged, ${app.memory.peakMb()} MB`);
        onAcknowledged(acknowledged);
      } else {
        await delay(RETRY_AFTER_MS);
        queue.unshift(body);
      }
    }
  }
  await Promise.all(Array.from({ length: SOCKETS }, work));
  return { posts, refused: posts - acknowledged };
}

async function isAcknowledged(body: string): Promise<boolean> {
  try {
    const response = await fetch(app.environment.eventGridUrl, {
      method: 'POST',
      headers: { 'aeg-event-type': 'Notification', 'content-type': 'application/json; charset=utf-8' },
      body,
      signal: AbortSignal.timeout(ANSWER_WAIT_MS),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

function tally(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** Mulberry32: numbers of at least 0 and below 1, the same ones for the same seed. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
