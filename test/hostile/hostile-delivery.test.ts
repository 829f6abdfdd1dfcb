import fc from 'fast-check';
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Tls } from '../../infra/local/tls.ts';
import { testTls } from '../support/bridge.ts';
import { histories } from './history.ts';
import { live, seen } from './live.ts';
import { startWorld } from './world.ts';

/** How many histories there are of each kind. */
const RUNS = Number(process.env.HISTORIES ?? 3);
/** The same histories each time, unless others are asked for. */
const SEED = Number(process.env.SEED ?? 1);

let tls: Tls;

beforeAll(async () => {
  tls = await testTls();
});
afterAll(() => {
  console.log(`hostile delivery: ${JSON.stringify(seen)}`);
});

// Two instances at once; Coder, registries, tables and Key Vault fail; instances die after any call; events come late,
// often, in any order, and from several replicas.
describe('Coder ends with exactly what the policies allow of what the registries have', () => {
  test.each([
    ['by events and sweeps alone, when every push and delete has an event', false],
    ['by a reconciliation, when events are lost, tags untagged and policies changed', true],
  ])(
    '%s',
    async (_, lossy) => {
      const property = fc.asyncProperty(histories(lossy), async history => {
        const world = await startWorld(tls);
        try {
          await live(world, history, lossy);
          seen.histories += 1;
        } finally {
          await world.close();
        }
      });
      await fc.assert(property, { numRuns: RUNS, seed: SEED });
    },
    3_600_000,
  );
});
