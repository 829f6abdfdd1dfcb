import fc from 'fast-check';
import { expect, test } from 'vitest';
import { liveThrough, runsOf, trouble } from '../shared/delivery/month.ts';
import { type Delivering, startDeliveryWorld } from '../shared/delivery/world.ts';
import { partOf } from '../support/part.ts';

const DAYS = Number(process.env.DAYS ?? partOf(30));
/** The same troubles each time, unless others are asked for. */
const SEED = Number(process.env.SEED ?? 1);
const RUNS = Math.round(runsOf(DAYS));
const HOURS_BETWEEN_ROTATIONS = 6;

test.each<[Delivering, string]>([
  ['kubernetes', 'token'],
  ['key-vault', 'service-principal'],
  ['pull', 'admin'],
])(
  `with %s no pull is refused in ${DAYS} days, with a credential of kind %s`,
  async (kind, credential) => {
    const world = await startDeliveryWorld();
    const { arm } = world.bridge.cloud.standIns;
    arm.changeRegistry(world.bridge.cloud.registry.resourceId, { adminUserEnabled: credential === 'admin' });
    try {
      const { appId } = world.bridge.cloud.servicePrincipal;
      const declared = { kind: credential, ...(credential === 'service-principal' && { appId }) };
      await world.declare(world.declarationOf(kind), declared);
      await world.run(world.services);
      await world.refresh(kind);
      const [schedule = []] = fc.sample(
        fc.array(trouble, { minLength: RUNS, maxLength: RUNS, size: 'max' }),
        {
          ...{ numRuns: 1, seed: SEED },
        },
      );

      const seen = await liveThrough(world, kind, schedule);

      console.log(`${kind} with ${credential}: ${JSON.stringify(seen)}`);
      // Outages take up some of the time.
      expect(seen.rotations).toBeGreaterThan((DAYS * 24) / HOURS_BETWEEN_ROTATIONS / 3);
      expect(seen.pulls).toBeGreaterThan(RUNS);
    } finally {
      await world.close();
    }
  },
  3_600_000,
);
