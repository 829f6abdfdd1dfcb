import { expect, test } from 'vitest';
import { createPauses } from '../../../shared/lib/pauses.ts';

test('a pause is for one host, ends after its time, and is never long', () => {
  let time = Date.parse('2026-01-31T08:00:00Z');
  const pauses = createPauses(() => new Date(time));
  pauses.asked('coder', 60_000);
  pauses.asked('greedy', 1e12);
  pauses.asked('silent', undefined);
  const remaining = () => ['coder', 'greedy', 'silent', 'other'].map(pauses.remaining);

  expect(remaining()).toEqual([60_000, 300_000, 5_000, 0]);
  time += 59_000;
  expect(remaining()).toEqual([1_000, 241_000, 0, 0]);
  time += 300_000;
  expect(remaining()).toEqual([0, 0, 0, 0]);
});
