import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createKeyedMutex } from '../../../shared/lib/keyed-mutex.ts';

const never = new AbortController().signal;

test('work under one key runs in order, one at a time, whatever fails; other keys do not wait', async () => {
  const mutex = createKeyedMutex();
  const seen: string[] = [];
  const run = (key: string, name: string, ms: number) =>
    mutex.runExclusive(key, never, async () => {
      seen.push(`${name} begins`);
      await delay(ms);
      seen.push(`${name} ends`);
      if (name === 'first') throw new Error('first failed');
      return name;
    });

  const [first, second, other] = await Promise.allSettled([
    run('a', 'first', 30),
    run('a', 'second', 1),
    run('b', 'other', 1),
  ]);

  expect(first).toMatchObject({ status: 'rejected', reason: { message: 'first failed' } });
  expect([second, other]).toMatchObject([{ value: 'second' }, { value: 'other' }]);
  expect(seen).toEqual([
    ...['first begins', 'other begins', 'other ends', 'first ends', 'second begins', 'second ends'],
  ]);
});

test('a call whose signal aborts while it waits rejects at once, never works, and keeps none waiting', async () => {
  const mutex = createKeyedMutex();
  let finish = () => {};
  const first = mutex.runExclusive('a', never, () => new Promise<void>(resolve => (finish = resolve)));
  const leaving = new AbortController();
  const worked: string[] = [];
  const left = mutex.runExclusive('a', leaving.signal, async () => worked.push('left'));
  const last = mutex.runExclusive('a', never, async () => worked.push('last'));
  leaving.abort();

  await expect(left).rejects.toBe(leaving.signal.reason);
  await expect(mutex.runExclusive('a', leaving.signal, async () => worked.push('late'))).rejects.toBe(
    leaving.signal.reason,
  );
  finish();
  await Promise.all([first, last]);
  expect(worked).toEqual(['last']);
});
