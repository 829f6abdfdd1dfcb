import { expect } from 'vitest';
import { image } from '../../../infra/local/oci-image.ts';
import { newLife } from '../../support/mortal.ts';
import { type RotatingKind, type RotationWorld, startRotationWorld } from './world.ts';

const LEASE_MS = 46_000;
const GRACE_MS = 31 * 60_000;
const MOST_CALLS = 400;
/** Two instances take turns at random anyway, so that not every point that is tried need be raced at. */
const RACING_EVERY = 3;

/** How the last call of the one that dies ends, and whether another instance runs at the same time. */
const WAYS = [
  { last: 'done', racing: false },
  { last: 'lost', racing: false },
  { last: 'done', racing: true },
] as const;
type Way = (typeof WAYS)[number];

/**
 * Stops rotations after every `every`th of their calls to the outside, in each way, and lets others end them.
 * @param from which call is the first, counted from 1
 * @returns at how many points
 */
export async function crashEverywhere(kind: RotatingKind, every: number, from = 1): Promise<number> {
  const world = await startRotationWorld();
  let points = 0;
  try {
    await world.add(kind);
    await world.untilQuiet();
    await world.pushed('team/app:v1', image({ content: kind }));
    for (let tried = 0; from + tried * every < MOST_CALLS; tried += 1) {
      const calls = from + tried * every;
      for (const way of WAYS) {
        if (way.racing && tried % RACING_EVERY !== 0) continue;
        const died = await crashAt(world, calls, way);
        points += 1;
        // One of two racing runs may leave the other nothing to do.
        if (!died && !way.racing) return points;
      }
    }
    throw new Error(`A rotation takes more than ${MOST_CALLS} calls.`);
  } finally {
    await world.close();
  }
}

/** @returns false when the rotation, the revocation after the grace period included, takes fewer calls than that */
async function crashAt(world: RotationWorld, calls: number, { last, racing }: Way): Promise<boolean> {
  const where = `call ${calls} ${last}${racing ? ', with another instance at work' : ''}`;
  const { clock } = world.bridge.cloud;
  const before = world.held();
  await world.request();

  const life = newLife(calls, last);
  const mortal = world.newInstance();
  const other = racing ? world.run(world.newInstance()) : undefined;
  await life.run(() => world.run(mortal));
  await other;
  await expectAccepted(world, where);
  if (!life.dead) {
    clock.advance(GRACE_MS);
    await life.run(() => world.run(mortal));
    await expectAccepted(world, where);
  }
  clock.advance(LEASE_MS);
  await world.untilQuiet(world.newInstance(), () => expectAccepted(world, where));

  expect(world.held(), where).not.toEqual(before);
  expect(await world.isAccepted(before), `${where}: the old one is revoked`).toBe(
    before?.username.startsWith('00000000') ?? false,
  );
  await world.expectSound();
  return life.dead;
}

async function expectAccepted(world: RotationWorld, where: string): Promise<void> {
  expect(await world.isAccepted(world.held()), `${where}: Coder holds what the registry refuses`).toBe(true);
}
