import { expect, test } from 'vitest';
import type { CountedImage } from '../../../shared/records/image-table.ts';
import { countImages, nextCountOn } from '../../../shared/summary/count.ts';

const NOW = new Date('2026-03-02T12:30:00Z');
const at = (time: string) => new Date(`2026-03-${time}:00Z`);

const FIRST: CountedImage = {
  state: 'imported',
  reason: 'image-created',
  heardBy: 'event',
  pushedOn: at('01T12:00'),
  importedOn: at('01T12:00'),
  latencyMs: 9_000,
};
const count = async (...changes: Partial<CountedImage>[]) => {
  async function* images() {
    for (const change of changes) yield { ...FIRST, ...change };
  }
  return countImages(images(), NOW);
};

test('no image record gives no count', async () => {
  expect(await count()).toEqual({ images: [], latency: { count: 0, hours: [] } });
});

test('records are counted by state and reason, the most frequent first', async () => {
  const pending = { state: 'pending', reason: 'coder-busy' } as const;
  const failed = { state: 'failed', reason: 'coder-busy' } as const;

  expect((await count(failed, pending, {}, pending)).images).toEqual([
    { ...pending, count: 2 },
    { ...failed, count: 1 },
    { state: 'imported', reason: 'image-created', count: 1 },
  ]);
});

test('the oldest push that waits is one that is not only known from a reconciliation', async () => {
  const pending = { state: 'pending' } as const;

  expect(
    await count(
      { ...pending, pushedOn: at('02T09:00') },
      { ...pending, pushedOn: at('02T08:00') },
      { ...pending, pushedOn: at('01T01:00'), heardBy: 'reconciliation' },
      { pushedOn: at('01T00:00') },
    ),
  ).toMatchObject({ oldestWaitingPushedOn: at('02T08:00') });
});

test('the last event is the newest push that an event reported', async () => {
  expect(
    await count(
      { pushedOn: at('02T08:00') },
      { pushedOn: at('02T09:00') },
      { pushedOn: at('02T10:00'), heardBy: 'reconciliation' },
      { pushedOn: at('02T11:00'), heardBy: 'request' },
    ),
  ).toMatchObject({ lastEventOn: at('02T09:00') });
});

test('latencies are those of the last 24 hours, and of each hour', async () => {
  const arrived = (time: string, latencyMs: number) => ({ importedOn: at(time), latencyMs });

  const { latency } = await count(
    arrived('01T12:29', 1),
    arrived('02T12:10', 400),
    arrived('01T12:40', 100),
    arrived('02T12:20', 200),
    // It arrived, but not with an event.
    { importedOn: at('02T12:20'), latencyMs: undefined } as unknown as CountedImage,
  );

  expect(latency).toEqual({
    ...{ count: 3, p50Ms: 200, p95Ms: 400, maxMs: 400 },
    hours: [
      { startsOn: at('01T12:00'), count: 1, p50Ms: 100, p95Ms: 100, maxMs: 100 },
      { startsOn: at('02T12:00'), count: 2, p50Ms: 200, p95Ms: 400, maxMs: 400 },
    ],
  });
});

test('a damaged row does not stop the count', async () => {
  const damaged = { pushedOn: 'yesterday', importedOn: 7, latencyMs: 'long' } as unknown as CountedImage;

  expect(await count(damaged)).toEqual({
    images: [{ state: 'imported', reason: 'image-created', count: 1 }],
    latency: { count: 0, hours: [] },
  });
});

test('a registry whose count takes long is counted less often', () => {
  const summary = { registry: 'contoso', countedOn: NOW, images: [], latency: { count: 0, hours: [] } };

  expect(nextCountOn({ ...summary, tookMs: 0 })).toEqual(NOW);
  expect(nextCountOn({ ...summary, tookMs: 3_000 })).toEqual(new Date(NOW.getTime() + 5 * 60_000));
});
