import { expect, test } from 'vitest';
import { judge, type Outcome } from '../../../../../infra/local/stand-ins/event-grid/retry-policy.ts';

test.each([200, 201, 202, 203, 204])('%i is a delivery', status => {
  expect(judge(status, 1, 30)).toEqual({ action: 'accept' });
});

test.each([400, 401, 403, 413])('%i is not tried again', status => {
  expect(judge(status, 1, 30)).toEqual({ action: 'give-up', reason: 'not-retriable' });
});

test.each<[Outcome, number, number]>([
  [500, 1, 10],
  ['timeout', 2, 30],
  ['no-answer', 3, 60],
  [404, 4, 5 * 60],
  [302, 5, 10 * 60],
  [205, 6, 30 * 60],
  [500, 7, 3_600],
  [500, 8, 3 * 3_600],
  [500, 9, 6 * 3_600],
  [500, 10, 12 * 3_600],
  [500, 29, 12 * 3_600],
  [503, 1, 30],
  [408, 1, 2 * 60],
  [408, 4, 5 * 60],
])('after %s in attempt %i the next comes in %i s', (outcome, attempts, seconds) => {
  expect(judge(outcome, attempts, 30)).toEqual({ action: 'retry', afterMs: seconds * 1_000 });
});

test('the last attempt is the last', () => {
  expect(judge(500, 30, 30)).toEqual({ action: 'give-up', reason: 'max-attempts' });
});
