import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { timeLimit, untilAborted } from '../../../shared/lib/time-limit.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Resolves when a signal aborts that nothing else holds, much garbage later. */
async function aborts(signal: AbortSignal): Promise<unknown> {
  const weak = new WeakRef(signal);
  const aborted = new Promise(resolve => {
    // As the SDKs do: listens for a while, and again later.
    const stop = new AbortController();
    signal.addEventListener('abort', () => undefined, { signal: stop.signal });
    stop.abort();
    setTimeout(() => weak.deref()?.addEventListener('abort', () => resolve('aborted')), 60);
  });
  for (let i = 0; i < 5; i += 1) {
    await delay(10);
    collectGarbage();
  }
  return Promise.race([aborted, delay(2_000, 'never')]);
}

test('a limit fires although nothing holds its signal and garbage is collected', async () => {
  expect(await aborts(timeLimit(200))).toBe('aborted');
});

test('so does one within another, whichever is shorter', async () => {
  expect(await aborts(timeLimit(200, timeLimit(60_000)))).toBe('aborted');
  expect(await aborts(timeLimit(60_000, timeLimit(200)))).toBe('aborted');
});

test('so does one that is given further by AbortSignal.any, as ky does', async () => {
  expect(await aborts(AbortSignal.any([timeLimit(200), new AbortController().signal]))).toBe('aborted');
});

test('it has the reason of what ended it', () => {
  const controller = new AbortController();
  const within = timeLimit(60_000, controller.signal);
  controller.abort(new Error('left'));

  expect(within.reason).toBe(controller.signal.reason);
  expect(timeLimit(60_000, within).reason).toBe(within.reason);
});

test.each([0, 20])('work that ignores its signal is left after its limit', async ms => {
  const limit = timeLimit(ms);

  await expect(untilAborted(new Promise(() => undefined), limit)).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  await expect(untilAborted(Promise.reject(new Error('late')), limit)).rejects.toBe(limit.reason);
});

test('work that is done in time gives what it came to', async () => {
  expect(await untilAborted(Promise.resolve('done'), timeLimit(60_000))).toBe('done');
  await expect(untilAborted(Promise.reject(new Error('failed')), timeLimit(60_000))).rejects.toThrow(
    'failed',
  );
});
