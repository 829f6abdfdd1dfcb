import { expect, test } from 'vitest';
import { crashEverywhere } from './crash.ts';

// A sample; test/crash tries every kind, and every point of it.

const FROM = 20;
const EVERY = 60;

test.each(['admin', 'token'] as const)(
  'a rotation of kind %s that is cut off never leaves Coder with a refused credential',
  async kind => {
    const points = await crashEverywhere(kind, EVERY, FROM);

    console.log(`rotation of ${kind}: stopped at ${points} points`);
    expect(points).toBeGreaterThan(1);
  },
  120_000,
);
