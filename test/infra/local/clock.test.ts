import { expect, test } from 'vitest';
import { createMovableClock } from '../../../infra/local/clock.ts';

test('moving the clock runs what became due, in order of time, and nothing that was taken back', () => {
  const clock = createMovableClock();
  const ran: string[] = [];
  const before = clock.now().getTime();
  clock.after(3_600_000, () => ran.push('hour'));
  clock.after(60_000, () => ran.push('minute'));
  clock.after(86_400_000, () => ran.push('day'));
  const takeBack = clock.after(60_000, () => ran.push('taken back'));

  expect([takeBack(), takeBack()]).toEqual([true, false]);
  clock.advance(7_200_000);

  expect(ran).toEqual(['minute', 'hour']);
  expect(clock.now().getTime() - before).toBeGreaterThanOrEqual(7_200_000);
});

test('the clock goes on with real time', async () => {
  const clock = createMovableClock();
  clock.after(86_400_000, () => undefined);

  await new Promise<void>(resolve => clock.after(1, resolve));
});
