import { expect, test } from 'vitest';
import { summarize } from '../../../shared/images/latency.ts';

async function* each(latencies: number[]) {
  yield* latencies;
}
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test.each([
  ['none', [], { count: 0 }],
  ['one', [7], { count: 1, p50Ms: 7, p95Ms: 7, maxMs: 7 }],
  ['two', [9, 1], { count: 2, p50Ms: 1, p95Ms: 9, maxMs: 9 }],
  ['a hundred', upTo(100).reverse(), { count: 100, p50Ms: 50, p95Ms: 95, maxMs: 100 }],
  ['ten with one far off', [...upTo(9), 1_000], { count: 10, p50Ms: 5, p95Ms: 1_000, maxMs: 1_000 }],
])('the latencies of %s', async (_, latencies, expected) => {
  expect(await summarize(each(latencies))).toEqual(expected);
});
