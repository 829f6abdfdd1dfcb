import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ImageRecord } from '../../../shared/records/image.ts';
import type { Summary } from '../../../shared/records/summary.ts';
import { deleteRegistry } from '../../../shared/registries/delete.ts';
import { readOverview } from '../../../shared/summary/overview.ts';
import { summarizeDue } from '../../../shared/summary/timer.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;
const signal = new AbortController().signal;

beforeAll(async () => {
  bridge = await startBridge({ registries: ['fabrikam'] });
  await bridge.put();
  await bridge.put({ resourceId: bridge.cloud.otherRegistries[0]?.resourceId }, 'fabrikam');
});
afterAll(() => bridge.close());

const save = (registry: string, tag: string, change: Partial<ImageRecord> = {}) =>
  bridge.services.images.save(
    {
      ...{ registry, repository: 'team/app', tag, state: 'imported', reason: 'tag-added', message: '' },
      ...{ attempts: 0, heardBy: 'event', pushedOn: bridge.cloud.clock.now() },
      updatedOn: bridge.cloud.clock.now(),
      ...change,
    },
    undefined,
  );
/** Adds copies of the row of the image, with tags of their own, in a few transactions. */
async function multiply(tag: string, count: number) {
  const { tables } = bridge.cloud.standIns;
  const rows = (await tables.dump()).images as { partitionKey: string; rowKey: string; tag: string }[];
  const row = rows.find(row => row.tag === tag) as (typeof rows)[number];
  const copies = Array.from({ length: count }, (_, i) => `${tag}-${i}`);
  await tables.insert(
    'images',
    copies.map(copy => ({ ...row, rowKey: row.rowKey.replace(tag, copy), tag: copy })),
  );
}
const count = () => summarizeDue(bridge.services, signal, bridge.log);
/** Number of images of each registry in the overview, and how many requests to Table Storage that takes. */
async function overview() {
  const { requests } = bridge.cloud.standIns.tables;
  const before = requests.all().length;
  const { registries } = await readOverview(bridge.services, signal);
  const counts = registries.map(({ registry, summary }) => [
    registry.name,
    summary?.images.reduce((sum, one) => sum + one.count, 0),
  ]);
  return { counts: Object.fromEntries(counts), asked: requests.all().length - before };
}

test('a registry that was never counted is counted by the overview, which stores nothing', async () => {
  await save('contoso', 'v1');

  const before = JSON.stringify(await bridge.cloud.standIns.tables.dump());
  expect((await overview()).counts).toEqual({ contoso: 1, fabrikam: 0 });
  expect(JSON.stringify(await bridge.cloud.standIns.tables.dump())).toBe(before);
});

test('the overview takes the same few requests, however many images there are', async () => {
  await count();
  const { asked } = await overview();
  // More than fit into one page of rows.
  await multiply('v1', 1_100);
  bridge.cloud.clock.advance(60_000);
  await count();

  expect(await overview()).toEqual({ counts: { contoso: 1_101, fabrikam: 0 }, asked });
  expect(asked).toBeLessThanOrEqual(3);
});

test('a registry that is deleted and added again does not keep its count', async () => {
  const known = (await bridge.services.summaries.get('contoso')) as Summary;
  expect(known.images).not.toEqual([]);
  await deleteRegistry(bridge.services, 'contoso', {});

  expect(await bridge.services.summaries.get('contoso')).toBeUndefined();
  // As a count that was under way would leave it.
  await bridge.services.summaries.save(known);
  bridge.cloud.clock.advance(1_000);
  await bridge.put();

  expect((await overview()).counts).toEqual({ contoso: 0, fabrikam: 0 });
});
