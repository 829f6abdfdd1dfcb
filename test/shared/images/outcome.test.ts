import { expect, test } from 'vitest';
import { type ImageToImport, type Outcome, toRecord } from '../../../shared/images/outcome.ts';
import type { ImageRecord } from '../../../shared/records/image.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 31, 8, 0, second));
const services = { now: () => at(50), random: () => 0, maxAttempts: 3 };
const image = (more: Partial<ImageToImport> = {}) =>
  ({
    ...{ registry: { name: 'contoso' }, repository: 'team/app', tag: 'v1' },
    ...{ pushedOn: at(10), isPushKnown: true, heardBy: 'event', ...more },
  }) as ImageToImport;
const outcome = { reason: 'tag-added', message: '' } as const;
const imported = { state: 'imported', pushedOn: at(10), importedOn: at(12), latencyMs: 2_000 } as ImageRecord;

test('a long message is stored as far as a table takes it', () => {
  const long = { reason: 'coder-busy', message: 'x'.repeat(40_000) } as const;
  const pending = toRecord(services, image(), undefined, long);
  const failed = toRecord({ ...services, maxAttempts: 1 }, image(), undefined, long);
  const skipped = toRecord(services, image(), undefined, { ...long, reason: 'not-an-image' });

  for (const { message } of [pending, failed, skipped]) expect(message.length).toBeLessThan(1_100);
  expect(failed.message).toContain('Given up after 1 attempts.');
});

test.each<[string, Partial<ImageToImport>, ImageRecord | undefined, number | undefined]>([
  ['a push with an event', {}, undefined, 40_000],
  ['the same push once more', {}, imported, 2_000],
  ['a later push', { pushedOn: at(45) }, imported, 5_000],
  ['a push that waited', {}, { ...imported, state: 'pending', importedOn: at(1) }, 40_000],
  ['what a reconciliation found', { heardBy: 'reconciliation' }, undefined, undefined],
  ['an import by request', { heardBy: 'request' }, undefined, undefined],
])('the latency of %s', (_, more, previous, expected) => {
  expect(toRecord(services, image(more), previous, outcome).latencyMs).toBe(expected);
});

test.each([
  ['known', true, 'gone', at(10)],
  ['unknown', false, 'gone', undefined],
  ['unknown, of a tag that is there', false, 'tag-added', at(10)],
] as const)('a push that is %s is recorded as such', (_, isPushKnown, reason, expected) => {
  const record = toRecord(services, image({ isPushKnown }), undefined, { reason, message: '' });

  expect(record.pushedOn).toEqual(expected);
});

const PENDING = {
  state: 'pending',
  digest: 'a',
  attempts: 2,
  pushedOn: at(10),
  dueOn: at(40),
} as ImageRecord;
const early = { ...PENDING, dueOn: at(60) };
test.each<[string, ImageRecord | undefined, Partial<Outcome>, Partial<ImageRecord>]>([
  ['the first', undefined, {}, { state: 'pending', attempts: 1, dueOn: at(55) }],
  ['the last', PENDING, {}, { state: 'failed', attempts: 3 }],
  ['with a time to wait until', PENDING, { until: at(52) }, { state: 'pending', attempts: 3, dueOn: at(52) }],
  ['with much time to wait', undefined, { until: at(59) }, { attempts: 1, dueOn: at(55) }],
  ['of another digest', PENDING, { digest: 'b' }, { state: 'pending', attempts: 1 }],
  ['when it is looked at again soon', PENDING, { lookAgainOn: at(51) }, { attempts: 2, dueOn: at(51) }],
  ['before its time', early, {}, { attempts: 2, dueOn: at(60) }],
  ['before its time, to be put off', early, { retryAfterMs: 30_000 }, { attempts: 2, dueOn: at(80) }],
  ['before its time, to be made sooner', early, { retryAfterMs: 1_000 }, { attempts: 2, dueOn: at(60) }],
])('an attempt that does not succeed: %s', (_, previous, more, expected) => {
  const trouble = { reason: 'coder-unavailable', message: '', digest: 'a', ...more } as const;

  expect(toRecord(services, image(), previous, trouble)).toMatchObject(expected);
});

test.each([
  [true, undefined],
  [false, { coderImageId: '1' }],
])(
  'what the target remembers of an image that it does not have (%s) is forgotten',
  (notInCoder, expected) => {
    const previous = { ...PENDING, memo: { coderImageId: '1' } };

    const record = toRecord(services, image(), previous, {
      reason: 'removed-from-coder',
      message: '',
      notInCoder,
    });

    expect(record.memo).toEqual(expected);
  },
);
