import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { forEachAtMost } from '../../../shared/lib/concurrency.ts';

/** The numbers from 1 to `count`; notes each as it is read. */
async function* upTo(count: number, read: number[]) {
  for (let i = 1; i <= count; i += 1) {
    read.push(i);
    yield i;
  }
}

test('works on the given number of items at once, and reads no others before one of them is done', async () => {
  const read: number[] = [];
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await forEachAtMost(3, upTo(10, read), async item => {
    running += 1;
    most = Math.max(most, running);
    expect(read.length - done.length).toBeLessThanOrEqual(3);
    await delay(item % 3);
    running -= 1;
    done.push(item);
  });

  expect(done.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(most).toBe(3);
});

test('a failure of the work is thrown when the other items are done', async () => {
  const done: number[] = [];
  const failed = new Error('2 failed');
  const all = forEachAtMost(2, upTo(5, []), async item => {
    await delay(5);
    if (item === 2) throw failed;
    done.push(item);
  });

  await expect(all).rejects.toBe(failed);
  expect(done).toEqual([1, 3, 4, 5]);
});

test('a failure to read is thrown when the work that had begun is done', async () => {
  const done: number[] = [];
  const failed = new Error('reading failed');
  async function* items() {
    yield 1;
    throw failed;
  }
  const all = forEachAtMost(2, items(), async item => {
    await delay(20);
    done.push(item);
  });

  await expect(all).rejects.toBe(failed);
  expect(done).toEqual([1]);
});

test('it stops early when everything fails', async () => {
  const read: number[] = [];
  const all = forEachAtMost(2, upTo(100, read), async () => {
    throw new Error('down');
  });

  await expect(all).rejects.toThrow('down');
  expect(read).toEqual([1, 2]);
});
