import { expect, test } from 'vitest';
import { crashEverywhere, failEverywhere } from './crash.ts';

// A sample; test/crash tries every point, and more orders of faults.

const EVERY = 9;
const FROM = 5;

test('a renewal that is cut off leaves a working token and no other', { timeout: 120_000 }, async () => {
  const points = await crashEverywhere(EVERY, FROM);

  console.log(`renewal of the session token: cut off at ${points} points`);
  expect(points).toBeGreaterThan(5);
});

test('outages leave a working token and no other', { timeout: 120_000 }, async () => {
  await failEverywhere(3, 1);
});
