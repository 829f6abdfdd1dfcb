import { expect, test } from 'vitest';
import {
  type Behaviour,
  expectNothingUntried,
  goOn,
  round,
  startWorld,
  value,
  type World,
  workspaces,
} from '../shared/coder/v2/canary-world.ts';

// Whatever call is cut off: nothing bad is ever active, and no canary is left.

const IMAGE = value('b');
const NEVER = -1;
/** A silent image is waited for by fewer calls. */
const RULE = { timeoutMinutes: 5 };

test.each([
  ['good', 'before'],
  ['good', 'after'],
  ['failing', 'before'],
  ['failing', 'after'],
  ['silent', 'before'],
  ['silent', 'after'],
] as const)('a %s image, %s Coder has done it', async (behaviour, drop) => {
  const calls = await driveCutting(behaviour, NEVER, drop);
  // Each call is cut off once, in a Coder of its own.
  await Promise.all(Array.from({ length: calls }, (_, cut) => driveCutting(behaviour, cut, drop)));
  console.log(`canaries: each of ${calls} calls with a ${behaviour} image was cut off ${drop} it was done`);
  expect(calls).toBeGreaterThan(20);
});

/** Goes on in rounds until nothing is left to do. @returns how many calls that took */
async function driveCutting(behaviour: Behaviour, cut: number, drop: 'before' | 'after'): Promise<number> {
  const world = await startWorld({ behaviours: { [IMAGE]: behaviour } });
  try {
    const calls = await roundsCutting(world, cut, drop);
    expect(world.coder.activeImage() === IMAGE, `cut at call ${cut}`).toBe(behaviour === 'good');
    expect(workspaces(world), `cut at call ${cut}`).toEqual([]);
    return calls;
  } finally {
    await world.coder.standIn.close();
  }
}

async function roundsCutting(world: World, cut: number, drop: 'before' | 'after'): Promise<number> {
  const { faults, requests } = world.coder.standIn;
  const before = requests.all().length;
  let hasFailed = false;
  for (let i = 0; i < 60; i += 1) {
    const asked = requests.all().length - before;
    if (!hasFailed && cut !== NEVER && asked <= cut) {
      if (cut > asked) faults.add({ delayMs: 0, times: cut - asked });
      // Two reads at once are each tried three times.
      faults.add({ drop, times: 6 });
    }
    // What was remembered is lost with the worker, but for what was stored before.
    const stored = structuredClone(world.rollout);
    const end = await round(world, { image: IMAGE }, RULE).catch(() => {
      hasFailed = true;
      world.rollout = stored;
      return undefined;
    });
    faults.clear();
    expectNothingUntried(world, { image: IMAGE });
    if (end?.do === 'settle') return requests.all().length - before;
    await goOn(world);
  }
  throw new Error(`It never settled after a cut at call ${cut}.`);
}
