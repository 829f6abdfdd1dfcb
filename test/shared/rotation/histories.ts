import fc from 'fast-check';
import { expect } from 'vitest';
import { MOODS } from './model/azure.ts';
import type { RotatingKind } from './model/bridge.ts';
import type { Counts } from './model/calls.ts';
import type { Holding } from './model/copies.ts';
import { deploymentsOf, type Event, happen, history, startWorld } from './model/history.ts';

function noCounts(): Counts {
  return { histories: 0, calls: 0, refusals: 0, crashes: 0 };
}

/** Tries random histories of a kind. @throws Error with the shortest history that breaks a promise, as a story */
export async function tryHistories(
  kind: RotatingKind,
  numRuns: number,
  seed: number,
  holding?: Holding,
): Promise<Counts> {
  const counts = noCounts();
  await fc.assert(
    fc.asyncProperty(history, async events => {
      counts.histories += 1;
      await happen(await startWorld(kind, counts, deploymentsOf(kind), holding), events);
    }),
    { numRuns, seed },
  );
  return counts;
}

/** What happens right after a crash. */
const TROUBLES: readonly Event[] = [
  ...MOODS.map((mood): Event => ({ do: 'registry', mood, minutes: 8 })),
  { do: 'session-refused', who: 0, refused: true },
  { do: 'request', who: 0, compromised: true },
  { do: 'person-kills', who: 0, which: 'both' },
  { do: 'person-disables', who: 0 },
  { do: 'vault', who: 0, mood: 'takes-no-changes', minutes: 8 },
  { do: 'person-hides-secrets', who: 0, how: 'disabled', minutes: 8 },
  { do: 'person-hides-secrets', who: 0, how: 'deleted', minutes: 8 },
  { do: 'person-edits-coder', who: 0 },
  { do: 'tables-lost', who: 0 },
  { do: 'tables-restored', who: 0 },
];

const REQUEST: Event = { do: 'request', who: 0, compromised: false };
const RUN = { do: 'run', who: 0, both: false, last: 'done' } as const;
/** Where a rotation is when it is cut off: at work, or at the end of the grace period. */
const BEFORE: readonly (readonly Event[])[] = [[REQUEST], [REQUEST, RUN, { do: 'sleep', minutes: 61 }]];
const MOST_CALLS = 200;

/**
 * Cuts a rotation off after every `every`th of its calls, the last one carried out or not, and lets each trouble follow.
 * @param from which call is the first, counted from 1
 */
export async function crashInHistories(kind: RotatingKind, every: number, from: number): Promise<Counts> {
  const counts = noCounts();
  for (const before of BEFORE) {
    for (let calls = from; calls < MOST_CALLS; calls += every) {
      const crashed = counts.crashes;
      for (const last of ['done', 'lost'] as const) {
        for (const trouble of TROUBLES) {
          counts.histories += 1;
          const run: Event = { ...RUN, diesAfter: calls, last };
          await happen(await startWorld(kind, counts), [...before, run, trouble, RUN]);
        }
      }
      // The rotation takes fewer calls than that.
      if (counts.crashes === crashed) break;
    }
  }
  return counts;
}

/** Lets two deployments live at one registry. @returns how often what a Coder holds was looked at, and refused */
export async function liveTogether(
  kind: RotatingKind,
  days: number,
): Promise<{ looks: number; refused: number }> {
  const world = await startWorld(kind, noCounts(), 2);
  const { azure, models } = world;
  const seen = { looks: 0, refused: 0 };
  const passwords = models.map(({ held }) => held()?.password);
  for (let minutes = 0; minutes < days * 24 * 60; minutes += 10) {
    azure.advance(600_000);
    for (const bridge of models) {
      await bridge.run();
      seen.looks += 1;
      const login = bridge.held();
      if (!login || !azure.knows(login)) seen.refused += 1;
    }
  }
  expect(world.broken).toBeUndefined();
  for (const [i, { held }] of models.entries()) expect(held()?.password).not.toBe(passwords[i]);
  return seen;
}
