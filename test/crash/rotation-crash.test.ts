import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { startReport } from '../scale/live-app.ts';
import { crashEverywhere } from '../shared/rotation/crash.ts';
import { KINDS } from '../shared/rotation/world.ts';
import { PART } from '../support/part.ts';

// Every point at which a rotation can be cut off; of a part of them, others each time.

const EVERY = Math.round(1 / PART);
const FROM = Number(process.env.CRASH_FROM ?? randomInt(1, EVERY + 1));
/** Fewer than any kind has. */
const FEWEST_POINTS = 20;

test.each(KINDS)('a rotation of kind %s can be cut off at each of its calls', async kind => {
  const report = startReport('rotation');

  const points = await crashEverywhere(kind, EVERY, FROM);

  report(`${kind}: stopped at ${points} points, after every ${EVERY}th call from CRASH_FROM=${FROM} on`);
  expect(points).toBeGreaterThan(FEWEST_POINTS / EVERY);
});
