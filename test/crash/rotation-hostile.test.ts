import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../infra/local/faults.ts';
import { image } from '../../infra/local/oci-image.ts';
import { KINDS, type RotationWorld, startRotationWorld } from '../shared/rotation/world.ts';
import { partOf } from '../support/part.ts';

/** How many schedules there are of each kind. */
const RUNS = Number(process.env.SCHEDULES ?? partOf(5));
/** The same ones each time, unless others are asked for. */
const SEED = Number(process.env.SEED ?? 1);

/** Before it regenerates the administrator's password, the bridge stores a UUID as its secret, and removes it. */
const TRIES_THE_VAULT = /^[0-9a-f-]{36}$/;

/** One thing that happens while a rotation is under way. */
type Trouble =
  | { do: 'fault'; where: (typeof SERVICES)[number]; fault: Fault }
  | { do: 'run'; both: boolean }
  | { do: 'wait'; seconds: number };

const SERVICES = ['arm', 'graph', 'keyVault', 'tables', 'registry', 'coder'] as const;

const times = fc.integer({ min: 1, max: 4 });
const fault = fc.oneof(
  fc.record({ status: fc.constantFrom(500, 503, 429), times }),
  fc.record({ drop: fc.constantFrom('before' as const, 'after' as const), times }),
);
const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.record({ do: fc.constant('fault' as const), where: fc.constantFrom(...SERVICES), fault }),
  fc.record({ do: fc.constant('run' as const), both: fc.boolean() }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(5, 60, 400, 2_000) }),
);

const seen = { schedules: 0, faults: 0, runs: 0 };

afterAll(() => {
  console.log(`hostile rotation: ${JSON.stringify(seen)}`);
});

describe.each(KINDS)('a rotation of kind %s', kind => {
  let world: RotationWorld;

  beforeAll(async () => {
    world = await startRotationWorld();
    await world.add(kind);
    await world.untilQuiet();
    await world.pushed('team/app:v1', image({ content: kind }));
  });
  afterAll(() => world.close());

  test('is one rotation when two instances run at once', async () => {
    const [one, other] = [world.newInstance(), world.newInstance()];
    const { secrets } = world.bridge.cloud;
    await world.request();
    const before = world.held();
    const { length } = secrets.all();

    for (let i = 0; i < 3; i += 1) {
      await Promise.all([world.run(one), world.run(other), world.run(one)]);
      world.bridge.cloud.clock.advance(31 * 60_000);
    }
    await world.untilQuiet();

    expect(world.held()).not.toEqual(before);
    await world.expectSound();
    // The administrator's old password is replaced by one that is not stored anywhere.
    const issued = secrets
      .all()
      .slice(length)
      .filter(secret => !secret.startsWith('ey') && !TRIES_THE_VAULT.test(secret));
    const most = { admin: 2, 'service-principal': 1, token: 1, 'entra-identity': 0 };
    expect(issued.length).toBe(most[kind]);
  });

  test('ends well whatever fails meanwhile, and Coder never holds what is refused', async () => {
    const schedules = fc.array(trouble, { minLength: 3, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(schedules, async steps => {
        seen.schedules += 1;
        const instances = [world.newInstance(), world.newInstance()];
        const before = world.held();
        await world.request();
        for (const step of steps) await happen(step, instances);

        world.bridge.clearFaults();
        world.bridge.cloud.clock.advance(20 * 60_000);
        await world.untilQuiet(world.newInstance(), expectAccepted);
        if ((await world.registry()).rotation.requestedOn) {
          // What failed while there was trouble is tried again after a while.
          world.bridge.cloud.clock.advance(20 * 60_000);
          await world.untilQuiet(world.newInstance(), expectAccepted);
        }

        expect(world.held()).not.toEqual(before);
        await world.expectSound();
      }),
      { numRuns: RUNS, seed: SEED },
    );
  }, 3_600_000);

  async function happen(step: Trouble, instances: ReturnType<RotationWorld['newInstance']>[]): Promise<void> {
    const { standIns, clock } = world.bridge.cloud;
    if (step.do === 'wait') return clock.advance(step.seconds * 1_000);
    if (step.do === 'fault') {
      seen.faults += 1;
      return standIns[step.where].faults.add({ ...step.fault });
    }
    const running = step.both ? instances : instances.slice(0, 1);
    seen.runs += running.length;
    // With the tables down a run fails, and the timer comes again.
    await Promise.allSettled(running.map(instance => world.run(instance)));
    await expectAccepted();
  }

  async function expectAccepted(): Promise<void> {
    expect(await world.isAccepted(world.held()), 'Coder holds what the registry refuses').toBe(true);
  }
});
