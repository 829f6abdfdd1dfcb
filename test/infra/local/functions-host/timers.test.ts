import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFunctionApp } from '../../../../infra/local/functions-host/function-app.ts';
import { readFunctions } from '../../../../infra/local/functions-host/functions.ts';
import { createTimers } from '../../../../infra/local/functions-host/timers.ts';

beforeEach(() => {
  vi.stubEnv('TZ', 'Asia/Tokyo');
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** Starts one timer, whose runs end when `work` does, and counts its runs. */
function startTimer(
  schedule: string,
  options: { runOnStartup?: boolean; work?: Promise<void> } = {},
  settings = {},
) {
  const app = createFunctionApp(() => {});
  const trigger = {
    type: 'timerTrigger',
    direction: 'in' as const,
    schedule,
    runOnStartup: options.runOnStartup,
  };
  app.core.registerFunction({ name: 'tick', bindings: { timer: trigger } }, () => {});
  const invoke = vi.fn(async () => {
    await options.work;
    return undefined;
  });
  const timers = createTimers(readFunctions(app, settings), settings, invoke);
  timers.start();
  return { invoke, timers };
}

test.each([
  ['0 0 9 * * *', '2024-01-01T08:59:55Z', 1],
  ['0 9 * * *', '2024-01-01T08:59:55Z', 1],
  ['*/2 * * * * *', '2024-01-01T00:00:00Z', 5],
  ['4/3 * * * * *', '2024-01-01T00:00:00Z', 3],
  ['0 0 0 * jan MON-TUE', '2024-01-01T23:59:55Z', 1],
  ['0 0 0 13 * FRI', '2024-09-12T23:59:55Z', 1],
  // A Friday, and a 13th: NCRONTAB wants both.
  ['0 0 0 13 * FRI', '2024-09-05T23:59:55Z', 0],
  ['0 0 0 13 * FRI', '2024-08-12T23:59:55Z', 0],
])('%s, in UTC, in the ten seconds from %s runs %i times', async (schedule, from, runs) => {
  vi.setSystemTime(from);
  const { invoke, timers } = startTimer(schedule);

  await vi.advanceTimersByTimeAsync(10_000);

  expect(invoke).toHaveBeenCalledTimes(runs);
  timers.stop();
});

test('a timer does not run while its last run goes on, and runs again after it', async () => {
  let finish = () => {};
  const work = new Promise<void>(resolve => {
    finish = resolve;
  });
  const { invoke, timers } = startTimer('* * * * * *', { work });

  await vi.advanceTimersByTimeAsync(5_000);
  expect(invoke).toHaveBeenCalledTimes(1);

  finish();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(invoke.mock.calls.length).toBeGreaterThan(1);
  timers.stop();
});

test('a failing run does not end the timer', async () => {
  const { invoke, timers } = startTimer('* * * * * *');
  invoke.mockRejectedValueOnce(new Error('boom'));

  await vi.advanceTimersByTimeAsync(3_000);

  expect(invoke).toHaveBeenCalledTimes(3);
  timers.stop();
});

test('runOnStartup runs it at once', async () => {
  const { invoke, timers } = startTimer('0 0 0 1 1 *', { runOnStartup: true });

  await vi.advanceTimersByTimeAsync(0);

  expect(invoke).toHaveBeenCalledTimes(1);
  timers.stop();
});

test('a schedule can come from a setting', async () => {
  const { invoke, timers } = startTimer('%EVERY%', {}, { EVERY: '* * * * * *' });

  await vi.advanceTimersByTimeAsync(1_000);

  expect(invoke).toHaveBeenCalledTimes(1);
  timers.stop();
});

test('a disabled timer and a stopped one do not run', async () => {
  const disabled = startTimer(
    '* * * * * *',
    { runOnStartup: true },
    { 'AzureWebJobs.tick.Disabled': 'true' },
  );
  const stopped = startTimer('* * * * * *');
  stopped.timers.stop();

  await vi.advanceTimersByTimeAsync(3_000);

  expect(disabled.invoke).not.toHaveBeenCalled();
  expect(stopped.invoke).not.toHaveBeenCalled();
});

test.each([
  ['00:05:00', 'not an NCRONTAB expression'],
  ['@daily', 'not an NCRONTAB expression'],
  ['0 0 0 L * *', 'not an NCRONTAB expression'],
  ['0 0 0 * * FRI#2', 'not an NCRONTAB expression'],
  ['* * * *', 'not an NCRONTAB expression'],
  ['99 * * * * *', 'Invalid value for second'],
  ['%MISSING%', 'the setting "MISSING"'],
])('the schedule %s does not start', (schedule, message) => {
  expect(() => startTimer(schedule)).toThrow(message);
});
