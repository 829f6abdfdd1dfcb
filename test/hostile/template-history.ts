import fc from 'fast-check';
import type { Fault } from '../../infra/local/faults.ts';
import { FEEDS, TEMPLATES } from './template-world.ts';

/** What a person does in Coder to a template. `which` chooses among what there is to choose. */
export interface Act {
  template: string;
  act: 'source' | 'namespace' | 'image' | 'older';
  which: number;
}

/** One thing that happens. */
export type Step =
  /** @param isSame the digest that was pushed last, by another tag */
  | { do: 'push'; feed: number; tag: string; isSame: boolean; events: number }
  /** What the two instances do at once: events by their number, and sweeps. */
  | { do: 'work'; deliver: number[]; sweep: boolean }
  /** The instance ends after this many more calls. */
  | { do: 'doom'; instance: 0 | 1; calls: number }
  | { do: 'fault'; standIn: 'coderV2' | 'registry' | 'tables'; fault: Fault }
  /** A person acts right before Coder is asked for the last of this number of calls; with 0 at once. */
  | { do: 'person'; afterCalls: number; act: Act }
  /** A person asks the bridge to go back. */
  | { do: 'rollback'; template: string }
  /** Coder lets no import go on until the next wait. */
  | { do: 'hold'; at: 'pending' | 'running' }
  | { do: 'wait'; seconds: number };

const fault = fc.oneof(
  fc.record({ status: fc.constantFrom(500, 502, 503), times: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    status: fc.constant(429),
    headers: fc.constant({ 'retry-after': '2' }),
    times: fc.constant(1),
  }),
  fc.record({
    drop: fc.constantFrom('before' as const, 'after' as const),
    times: fc.integer({ min: 1, max: 4 }),
  }),
);
const template = fc.constantFrom(...TEMPLATES);
const act = fc.record({
  template,
  act: fc.constantFrom(...(['source', 'source', 'namespace', 'image', 'image', 'older', 'older'] as const)),
  which: fc.nat(9),
});

const STEPS: [weight: number, kind: Step['do'], fields: Record<string, fc.Arbitrary<unknown>>][] = [
  [
    7,
    'push',
    {
      feed: fc.nat(FEEDS.length - 1),
      tag: fc.constantFrom('1.0.0', '1.1.0', 'latest'),
      isSame: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
      events: fc.integer({ min: 1, max: 2 }),
    },
  ],
  [9, 'work', { deliver: fc.array(fc.nat(30), { minLength: 1, maxLength: 5 }), sweep: fc.boolean() }],
  [4, 'doom', { instance: fc.constantFrom(0, 1), calls: fc.integer({ min: 1, max: 50 }) }],
  [3, 'fault', { standIn: fc.constantFrom('coderV2', 'coderV2', 'registry', 'tables'), fault }],
  [
    9,
    'person',
    {
      afterCalls: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 14 })),
      act,
    },
  ],
  [1, 'rollback', { template }],
  [2, 'hold', { at: fc.constantFrom('pending', 'running') }],
  [3, 'wait', { seconds: fc.constantFrom(5, 40, 700) }],
];

const step = fc.oneof(
  ...STEPS.map(([weight, kind, fields]) => ({
    weight,
    arbitrary: fc.record({ do: fc.constant(kind), ...fields }),
  })),
);

export const histories = fc.array(step as fc.Arbitrary<Step>, { minLength: 8, maxLength: 30, size: 'max' });
