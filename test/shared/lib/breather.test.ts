import { expect, test } from 'vitest';
import { createBreather } from '../../../shared/lib/breather.ts';

function busy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test('long work lets timers have their turn while it goes on', async () => {
  const breathe = createBreather();
  let isDone = false;
  let turns = 0;
  const timer = setInterval(() => {
    if (!isDone) turns += 1;
  }, 1);
  for (let i = 0; i < 50; i += 1) {
    busy(2);
    await breathe();
  }
  isDone = true;
  clearInterval(timer);

  expect(turns).toBeGreaterThan(3);
});
