import fc from 'fast-check';
import { expect, test } from 'vitest';
import { liveThrough, runsOf, trouble } from './month.ts';
import { type Delivering, startDeliveryWorld } from './world.ts';

// A sample; test/crash lives through whole months.

/** It takes a few seconds where no other tests run. */
const BUSY_MACHINE_MS = 240_000;
const RUNS = Math.round(runsOf(0.4));

test.each<[Delivering, { kind: string }]>([
  ['kubernetes', { kind: 'token' }],
  ['key-vault', { kind: 'token' }],
  ['pull', { kind: 'token' }],
])(
  'with %s no pull is refused, whatever fails while the credential is rotated',
  async (kind, credential) => {
    const world = await startDeliveryWorld();
    try {
      await world.declare(world.declarationOf(kind), credential);
      await world.run(world.services);
      await world.refresh(kind);
      const [schedule = []] = fc.sample(fc.array(trouble, { minLength: RUNS, maxLength: RUNS }), {
        ...{ numRuns: 1, seed: 29 },
      });

      const seen = await liveThrough(world, kind, schedule);

      console.log(`${kind}: ${JSON.stringify(seen)}`);
      expect(seen.pulls).toBeGreaterThan(RUNS);
      expect(seen.rotations).toBeGreaterThan(0);
    } finally {
      await world.close();
    }
  },
  BUSY_MACHINE_MS,
);
