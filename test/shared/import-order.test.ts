import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import type { Services } from '../../shared/services.ts';
import { sweep } from '../../shared/sweep.ts';
import { type Bridge, startBridge } from '../support/bridge.ts';

let bridge: Bridge;
let instances: [Services, Services];

beforeAll(async () => {
  bridge = await startBridge();
  instances = [bridge.services, bridge.anotherInstance()];
  await bridge.put();
});
afterAll(() => bridge.close());

const reference = fc.record({ repository: fc.constantFrom('a', 'b'), tag: fc.constantFrom('v1', 'v2') });
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ push: reference, content: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ deliver: fc.nat(20), times: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ fault: fc.constantFrom({ status: 503 }, { drop: 'before' }, { drop: 'after' }) }),
  },
);
const history = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 10 }),
  // Sorts the deliveries that are still owed at the end, each of which Event Grid makes at least once.
  order: fc.infiniteStream(fc.nat(1_000)),
});

test('whatever the order and number of deliveries, Coder ends with what the registry has now', async () => {
  const RUNS = 30;
  let run = 0;
  const seen = { histories: 0, pushes: 0, deliveries: 0, faults: 0 };

  await fc.assert(
    fc.asyncProperty(history, async ({ steps, order }) => {
      const prefix = `run${run++}`;
      const events: { reference: string; at: Date }[] = [];
      const now = new Map<string, string>();
      const deliver = async ({ reference, at }: (typeof events)[number], instance: number) => {
        seen.deliveries += 1;
        // A delivery that fails is one that Event Grid would make again; here the ones owed at the end stand for it.
        await bridge.pushed(reference, { at, services: instances[instance % 2] as Services });
      };

      for (const entry of steps) {
        if ('push' in entry) {
          const name = `${prefix}/${entry.push.repository}:${entry.push.tag}`;
          now.set(name, await bridge.push(name, image({ content: `${name} ${entry.content}` })));
          events.push({ reference: name, at: bridge.cloud.clock.now() });
          seen.pushes += 1;
        } else if ('deliver' in entry) {
          const event = events[entry.deliver % Math.max(events.length, 1)];
          if (event) await Promise.all(Array.from({ length: entry.times }, (_, i) => deliver(event, i)));
        } else {
          bridge.cloud.standIns.coder.faults.add({ ...entry.fault, times: 1 } as never);
          seen.faults += 1;
        }
      }
      const owed = events.map(event => ({ event, key: order.next().value })).sort((a, b) => a.key - b.key);
      await Promise.all(owed.map(({ event }, i) => deliver(event, i)));
      bridge.cloud.standIns.coder.faults.clear();
      // Past every retry and lease of this history, and all runs together within the life of a token.
      bridge.cloud.clock.advance(600_000);
      await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);

      expect(coderHas(prefix)).toEqual(registryHas(now));
      for (const [name, digest] of now) {
        expect(await bridge.record(name)).toMatchObject({ state: 'imported', digest, attempts: 0 });
      }
      expect(await dueRows()).toEqual([]);
      seen.histories += 1;
    }),
    { numRuns: RUNS },
  );
  console.log(`import order: ${JSON.stringify(seen)}`);
}, 100_000);

function coderHas(prefix: string): string[] {
  return bridge.cloud.standIns.coder
    .state()
    .images.filter(({ repository }) => repository.startsWith(`${prefix}/`))
    .flatMap(({ repository, tags }) =>
      tags.map(({ tag, latest_hash }) => `${repository}:${tag} ${latest_hash}`),
    )
    .sort();
}

function registryHas(now: Map<string, string>): string[] {
  return [...now].map(([name, digest]) => `${name} ${digest}`).sort();
}

async function dueRows(): Promise<unknown[]> {
  const { images = [] } = await bridge.cloud.standIns.tables.dump();
  return images.filter(row => (row as { kind: string }).kind === 'due');
}
