import { expect, test } from 'vitest';
import { untilSettled } from '../../../shared/images/settled.ts';
import type { ImageRecord } from '../../../shared/records/image.ts';

const record = (change: Partial<ImageRecord>) =>
  ({ state: 'imported', digest: 'a', ...change }) as ImageRecord;
const pending = record({ state: 'pending' });

/** Reads these one after the other, the last one again and again, by a clock that only waiting moves. */
function wait(records: (ImageRecord | undefined)[], digest?: string, signal = new AbortController().signal) {
  let time = 0;
  const left = [...records];
  const services = {
    now: () => new Date(time),
    wait: async (ms: number) => {
      time += ms;
    },
  };
  const read = async () => (left.length > 1 ? left.shift() : left[0]);
  const found = untilSettled(services, read, digest, 10_000, signal);
  return found.then(settled => ({ settled, left: left.length, time }));
}

test.each([
  ['a settled record is given at once', [record({})], undefined, record({}), 0],
  ['a failed one too', [record({ state: 'failed' })], undefined, record({ state: 'failed' }), 0],
  ['a pending one is waited for', [pending, record({})], undefined, record({}), 250],
  ['a record that does not exist yet too', [undefined, pending, record({})], undefined, record({}), 750],
  ['one about another digest too', [record({}), record({ digest: 'b' })], 'b', record({ digest: 'b' }), 250],
  ['what is pending to the end is given then', [pending], undefined, pending, 10_000],
  ['what never comes is undefined', [undefined], undefined, undefined, 10_000],
])('%s', async (_, records, digest, settled, time) => {
  expect(await wait(records, digest)).toEqual({ settled, left: 1, time });
});

test('a caller who has no more time gets what there is', async () => {
  expect(await wait([pending], undefined, AbortSignal.abort())).toMatchObject({ settled: pending, time: 0 });
});
