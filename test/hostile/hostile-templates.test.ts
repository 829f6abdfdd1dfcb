import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import type { Tls } from '../../infra/local/tls.ts';
import { testTls } from '../support/bridge.ts';
import { histories } from './template-history.ts';
import { live, seen } from './template-live.ts';
import { startTemplateWorld } from './template-world.ts';

/** How many histories there are. */
const RUNS = Number(process.env.HISTORIES ?? 3);
/** The same histories each time, unless others are asked for. */
const SEED = Number(process.env.SEED ?? 1);

/** Until then a history that fails is made shorter. */
const SHRINKS_FOR_MS = Number(process.env.SHRINK_MS ?? 600_000) + RUNS * 10_000;

let tls: Tls;

beforeAll(async () => {
  tls = await testTls();
});
afterAll(() => {
  console.log(`hostile templates: ${JSON.stringify(seen)}`);
});

// Two instances at once; Coder, the registries and tables fail; instances die before and after any call; events come
// late, twice and in any order; people push, set, promote and roll back versions of the templates, between any two calls.
test('every template names what was pushed last, or what a person chose since then', async () => {
  const property = fc.asyncProperty(histories, async steps => {
    const world = await startTemplateWorld(tls);
    try {
      await live(world, steps);
      seen.histories += 1;
    } finally {
      await world.cloud.close();
    }
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED, interruptAfterTimeLimit: SHRINKS_FOR_MS });
}, 3_600_000);
