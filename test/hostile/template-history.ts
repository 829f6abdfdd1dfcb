import fc from 'fast-check';
import type { Fault } from '../../infra/local/faults.ts';
import type { Repository } from './template-world.ts';

/** One thing that happens. */
export type Step =
  | { do: 'push'; repository: Repository; tag: string; content: string; events: number }
  /** What the two instances do at once: events by their number, and sweeps. */
  | { do: 'work'; deliver: number[]; sweep: boolean }
  /** The instance ends after this many more calls. */
  | { do: 'doom'; instance: 0 | 1; calls: number }
  | { do: 'fault'; standIn: 'coderV2' | 'registry' | 'tables'; fault: Fault }
  /** A person promotes a version of their own, or one that was active before. */
  | { do: 'person'; act: 'source' | 'namespace' | 'image' | 'sidecar' | 'older'; which: number }
  /** A person asks the bridge for the version before. */
  | { do: 'rollback' }
  /** Coder lets no import go on until the next wait. */
  | { do: 'hold'; at: 'pending' | 'running' }
  | { do: 'wait'; seconds: number };

const repository = fc.constantFrom<Repository>('a', 'b/c');
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

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      repository,
      tag: fc.constantFrom('1.0.0', '1.1.0', 'latest'),
      content: fc.constantFrom('one', 'two', 'three'),
      events: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('work' as const),
      deliver: fc.array(fc.nat(30), { minLength: 1, maxLength: 5 }),
      sweep: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('doom' as const),
      instance: fc.constantFrom(0 as const, 1 as const),
      calls: fc.integer({ min: 1, max: 50 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      standIn: fc.constantFrom(
        'coderV2' as const,
        'coderV2' as const,
        'registry' as const,
        'tables' as const,
      ),
      fault,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('person' as const),
      act: fc.constantFrom(
        'source' as const,
        'source' as const,
        'namespace' as const,
        'image' as const,
        'sidecar' as const,
        'older' as const,
      ),
      which: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rollback' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('hold' as const),
      at: fc.constantFrom('pending' as const, 'running' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(5, 40, 700) }),
  },
);

export const histories = fc.array(step as fc.Arbitrary<Step>, { minLength: 4, maxLength: 24, size: 'max' });
