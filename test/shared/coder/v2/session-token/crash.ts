import fc from 'fast-check';
import { expect } from 'vitest';
import { newLife } from '../../../../support/mortal.ts';
import { alive, DAY_MS, MINUTE_MS, startTokenWorld, type TokenWorld } from './world.ts';

const DAY_SECONDS = 86_400;
/** Two instances take turns at random anyway, so that not every point need be raced at. */
const RACING_EVERY = 3;

/** A token that is due, which the bridge knows already. */
async function makeDue(world: TokenWorld): Promise<string> {
  world.bridge.clearFaults();
  const { id } = world.use({ lifetimeSeconds: 9 * DAY_SECONDS });
  await world.run(world.newInstance());
  world.bridge.cloud.clock.advance(7 * DAY_MS);
  return id;
}

async function expectSound(world: TokenWorld, before: string, where: string): Promise<void> {
  await world.untilQuiet(world.newInstance(), where);
  expect(world.inUse()?.id, `${where}: it is renewed`).not.toBe(before);
  const left = alive(world.keys(), world.bridge.cloud.clock.now());
  expect(left, `${where}: tokens beside the one in use`).toEqual([world.inUse()]);
}

/** @returns false when the renewal, the deletion of the old token included, takes fewer calls than that */
async function crashAt(
  world: TokenWorld,
  calls: number,
  last: 'done' | 'lost',
  racing: boolean,
): Promise<boolean> {
  const where = `call ${calls} ${last}${racing ? ', with another instance at work' : ''}`;
  const { clock } = world.bridge.cloud;
  const before = await makeDue(world);

  const life = newLife(calls, last);
  const mortal = world.newInstance();
  const other = racing ? world.run(world.newInstance()) : undefined;
  await life.run(() => world.run(mortal));
  await other;
  world.expectWorking(where);
  if (!life.dead) {
    // The old one is deleted once no instance can have it any more.
    clock.advance(11 * MINUTE_MS);
    await life.run(() => world.run(mortal));
    world.expectWorking(where);
  }
  clock.advance(MINUTE_MS);
  await expectSound(world, before, where);
  return life.dead;
}

/**
 * Cuts renewals off after every `every`th of their calls to the outside, with and without the effect of that call, and
 * lets others end them.
 * @param from which call is the first, counted from 1
 * @returns at how many points
 */
export async function crashEverywhere(every: number, from: number): Promise<number> {
  const world = await startTokenWorld();
  let points = 0;
  try {
    for (let calls = from; ; calls += every) {
      const dead = [await crashAt(world, calls, 'done', false), await crashAt(world, calls, 'lost', false)];
      if (calls % RACING_EVERY === 0) await crashAt(world, calls, 'done', true);
      points += dead.filter(Boolean).length;
      if (!dead.some(Boolean)) return points;
    }
  } finally {
    await world.bridge.close();
  }
}

const SERVICES = ['keyVault', 'tables', 'coderV2'] as const;
const TROUBLE = fc.record({
  where: fc.constantFrom(...SERVICES),
  fault: fc.oneof(
    fc.constantFrom('before' as const, 'after' as const).map(drop => ({ drop })),
    fc.constantFrom(403, 429, 500, 503).map(status => ({ status, body: {} })),
  ),
  times: fc.integer({ min: 1, max: 4 }),
  afterMinutes: fc.integer({ min: 0, max: 40 }),
});

/** Lets services fail in many orders while two instances renew a token. */
export async function failEverywhere(runs: number, seed: number): Promise<void> {
  const world = await startTokenWorld();
  const { clock, standIns } = world.bridge.cloud;
  const property = fc.asyncProperty(fc.array(TROUBLE, { minLength: 1, maxLength: 8 }), async troubles => {
    const before = await makeDue(world);
    const [one, other] = [world.newInstance(), world.newInstance()];
    for (const { where, fault, times, afterMinutes } of troubles) {
      clock.advance(afterMinutes * MINUTE_MS);
      standIns[where]?.faults.add({ ...fault, times });
      await Promise.all([world.run(one), world.run(other)]);
      world.expectWorking('during outages');
    }
    world.bridge.clearFaults();
    clock.advance(16 * MINUTE_MS);
    await expectSound(world, before, 'after outages');
  });
  try {
    await fc.assert(property, { numRuns: runs, seed });
  } finally {
    await world.bridge.close();
  }
}
