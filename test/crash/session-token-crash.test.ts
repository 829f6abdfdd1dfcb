import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { startReport } from '../scale/live-app.ts';
import { crashEverywhere, failEverywhere } from '../shared/coder/v2/session-token/crash.ts';
import { PART, partOf } from '../support/part.ts';

// Every point at which a renewal can be cut off; of a part of them, others each time.

const EVERY = Math.round(1 / PART);
const FROM = Number(process.env.CRASH_FROM ?? randomInt(1, EVERY + 1));
/** Fewer than there are. */
const FEWEST_POINTS = 60;

test('a renewal of the session token can be cut off before and after each of its calls', async () => {
  const report = startReport('session token');

  const points = await crashEverywhere(EVERY, FROM);

  report(`cut off at ${points} points, at every ${EVERY}th call from CRASH_FROM=${FROM} on`);
  expect(points).toBeGreaterThan(FEWEST_POINTS / EVERY);
});

test('outages of all services, in any order, leave a working token and no other', async () => {
  const runs = Number(process.env.SCHEDULES ?? partOf(20));

  await failEverywhere(runs, Number(process.env.SEED ?? 1));
});
