import { expect, test } from 'vitest';
import { parseRetryAfter } from '../../../shared/lib/retry-after.ts';

const now = new Date('2026-01-31T08:00:00Z');

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Sat, 31 Jan 2026 08:00:30 GMT', 30_000],
  ['Sat, 31 Jan 2026 07:00:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
])('Retry-After %j is %s ms', (header, expected) => {
  expect(parseRetryAfter(header, now)).toBe(expected);
});
