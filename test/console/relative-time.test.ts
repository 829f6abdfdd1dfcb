import { expect, test } from 'vitest';
import { duration, exactTime, relativeTime } from '../../console/relative-time.ts';

const NOW = new Date('2026-11-28T13:04:05.000Z');
const MINUTE = 60_000;

test.each([
  [0, 'now'],
  [-999, 'now'],
  [-1_000, '1 s ago'],
  [40_000, 'in 40 s'],
  [-119_000, '119 s ago'],
  [-2 * MINUTE, '2 min ago'],
  [-119 * MINUTE, '119 min ago'],
  [120 * MINUTE, 'in 2 h'],
  [90 * 24 * 60 * MINUTE - 21_000, 'in 90 days'],
  [-90 * 24 * 60 * MINUTE + 21_000, '89 days ago'],
  [-47 * 60 * MINUTE, '47 h ago'],
  [-48 * 60 * MINUTE, '2 days ago'],
])('%i ms from now is said as %s', (ms, said) => {
  expect(relativeTime(new Date(NOW.getTime() + ms), NOW)).toBe(said);
});

test('the exact time is as logs have it', () => {
  expect(exactTime(NOW)).toBe('2026-11-28 13:04:05 UTC');
});

test.each([
  [840.4, '840 ms'],
  [1_784, '1.8 s'],
  [180_000, '3 min'],
])('%d ms last %s', (ms, said) => {
  expect(duration(ms)).toBe(said);
});
