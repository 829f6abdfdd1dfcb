import { expect, test } from 'vitest';
import { type ImageToImport, toRecord } from '../../../shared/images/outcome.ts';
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
