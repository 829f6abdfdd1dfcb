import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextAttempt } from '../../../shared/lib/backoff.ts';

const now = new Date('2026-01-31T08:00:00Z');
const seconds = (date: Date) => (date.getTime() - now.getTime()) / 1000;

test.each([
  [1, 5],
  [2, 10],
  [5, 80],
  [10, 2_560],
  [11, 3_600],
  [500, 3_600],
])('attempt %i is followed by a wait of %i s, or down to half of it', (attempts, expected) => {
  expect(seconds(nextAttempt(attempts, now, undefined, () => 0))).toBe(expected);
  expect(seconds(nextAttempt(attempts, now, undefined, () => 1))).toBe(expected / 2);
});

test('it is never before the time that the service asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 0, max: 86_400_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempts, retryAfterMs, random) => {
        expect(nextAttempt(attempts, now, retryAfterMs, () => random).getTime()).toBeGreaterThanOrEqual(
          now.getTime() + retryAfterMs,
        );
      },
    ),
  );
});

test.each([1e14, Number.POSITIVE_INFINITY])(
  'a service that asks for %d ms is believed for a day at most',
  asked => {
    expect(seconds(nextAttempt(1, now, asked, () => 0))).toBe(86_400);
  },
);
