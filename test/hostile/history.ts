import fc from 'fast-check';
import type { Fault } from '../../infra/local/faults.ts';
import { withLinuxImage, withoutLinuxImage } from '../support/odd-manifests.ts';
import { CONTENTS, type Content, REGISTRIES, type RegistryName } from './world.ts';

/** One thing that happens. */
export type Step =
  | {
      do: 'push';
      registry: RegistryName;
      repository: string;
      tag: string;
      content: Content;
      /** Its events: none when it is lost, several when registries replicate. */
      events: number;
    }
  /** One of the tags that the registry has goes, with its manifest and all other tags of that. */
  | { do: 'delete'; registry: RegistryName; which: number; events: number }
  /** One tag goes alone, of which ACR raises no event. */
  | { do: 'untag'; registry: RegistryName; which: number }
  | { do: 'policy'; registry: RegistryName; policy: number }
  /** What the two instances do at once: events by their number, sweeps, and runs of a reconciliation. */
  | { do: 'work'; deliver: number[]; sweep: boolean; reconcile: boolean }
  /** The instance ends after this number of further calls. */
  | { do: 'doom'; instance: 0 | 1; calls: number }
  | { do: 'fault'; standIn: 'coder' | 'registry' | 'tables' | 'keyVault' | 'entra'; fault: Fault }
  /** One of the tags that the registry has can be read no more until all trouble ends. */
  | { do: 'lock'; registry: RegistryName; which: number }
  /** One of the rows of the registry is damaged, or of a pending image the due row is lost. */
  | { do: 'damage'; registry: RegistryName; which: number }
  /** The replica that is read shows from now on what there is now, or everything again. */
  | { do: 'lag'; registry: RegistryName; lags: boolean }
  | { do: 'wait'; seconds: number };

const removing = { repository: '**', onDelete: 'remove' } as const;
const nothingElse = { ...removing, action: 'exclude' } as const;

/** Policies that say of every tag whether Coder is to have it, so that what it must have in the end is known. */
export const POLICIES = [
  { rules: [removing] },
  { rules: [{ ...removing, defaultTag: 'highest-semver' }] },
  { rules: [{ ...removing, tag: { semver: '>=1.1.0' }, defaultTag: 'newest' }, nothingElse] },
  { rules: [{ ...nothingElse, repository: 'a' }, removing] },
] as const;

/** What each of them lets through of the tags that histories push, worked out by hand. */
export const LETS_THROUGH: readonly ((repository: string, tag: string) => boolean)[] = [
  () => true,
  () => true,
  (_, tag) => tag === '1.1.0',
  repository => repository !== 'a',
];

/** Also one that leaves everything as it is, from which histories come back before they end. */
export const SUSPENDED = POLICIES.length;

const HUGE = 'x'.repeat(40_000);
const HANGS_MS = 3_000;

const registry = fc.constantFrom(...REGISTRIES);
const repository = fc.constantFrom('a', 'b/c');
const tag = fc.constantFrom('1.0.0', '1.1.0', 'x');
const place = { registry, repository, tag };
const content: fc.Arbitrary<Content> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...CONTENTS) },
  { weight: 1, arbitrary: withLinuxImage.map(manifest => ({ manifest, isImage: true })) },
  { weight: 1, arbitrary: withoutLinuxImage.map(manifest => ({ manifest, isImage: false })) },
);
const fault = fc.oneof(
  fc.record({ status: fc.constantFrom(500, 503), times: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    status: fc.constant(429),
    headers: fc.constantFrom({ 'retry-after': '2' }, { 'retry-after': '40' }),
    times: fc.constant(1),
  }),
  fc.record({
    drop: fc.constantFrom('before' as const, 'after' as const),
    times: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ delayMs: fc.integer({ min: 1, max: 120 }), times: fc.integer({ min: 1, max: 4 }) }),
  // In each service's own form of an error, of which one is as long as a table takes.
  fc.record({
    status: fc.constantFrom(500, 503),
    body: fc.constant({ error: { msg: HUGE }, errors: [{ code: 'X', message: HUGE }] }),
    times: fc.integer({ min: 1, max: 2 }),
  }),
  // Longer than an import may take.
  fc.record({
    path: fc.constantFrom('^/oauth2/exchange', '^/oauth2/token'),
    delayMs: fc.constant(HANGS_MS),
    times: fc.constant(1),
  }),
);

/** @param lossy also changes without an event, which only a reconciliation can find */
export function histories(lossy: boolean) {
  const events = fc.integer({ min: lossy ? 0 : 1, max: 2 });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), ...place, content, events }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('delete' as const), registry, which: fc.nat(9), events }),
    },
    {
      weight: 7,
      arbitrary: fc.record({
        do: fc.constant('work' as const),
        deliver: fc.array(fc.nat(30), { maxLength: 6 }),
        sweep: fc.boolean(),
        reconcile: lossy ? fc.boolean() : fc.constant(false),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('doom' as const),
        instance: fc.constantFrom(0 as const, 1 as const),
        calls: fc.integer({ min: 1, max: 40 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('fault' as const),
        standIn: fc.constantFrom(
          'coder' as const,
          'registry' as const,
          'tables' as const,
          'keyVault' as const,
        ),
        fault,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('fault' as const),
        standIn: fc.constant('entra' as const),
        // The managed identity gives a token later than an import may take.
        fault: fc.constant({ delayMs: HANGS_MS, times: 1 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('lag' as const), registry, lags: fc.boolean() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('lock' as const), registry, which: fc.nat(9) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(5, 40, 300) }),
    },
    ...(lossy
      ? [
          {
            weight: 1,
            arbitrary: fc.record({ do: fc.constant('untag' as const), registry, which: fc.nat(9) }),
          },
          {
            weight: 2,
            arbitrary: fc.record({ do: fc.constant('damage' as const), registry, which: fc.nat(30) }),
          },
          {
            weight: 1,
            arbitrary: fc.record({ do: fc.constant('policy' as const), registry, policy: fc.nat(SUSPENDED) }),
          },
        ]
      : []),
  );
  return fc.record({
    policies: fc.tuple(fc.nat(POLICIES.length - 1), fc.nat(POLICIES.length - 1)),
    // Without a bias to small ones, so that a few histories have something of everything.
    steps: fc.noBias(fc.array(step as fc.Arbitrary<Step>, { minLength: 1, maxLength: 24, size: 'max' })),
  });
}

export type History = { policies: [number, number]; steps: Step[] };
