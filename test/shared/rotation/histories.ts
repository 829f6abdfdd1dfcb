import fc from 'fast-check';
import type { RotatingKind } from './model/bridge.ts';
import type { Counts } from './model/calls.ts';
import { happen, history, startWorld } from './model/history.ts';

/** Tries random histories of a kind. @throws Error with the shortest history that breaks a promise, as a story */
export async function tryHistories(kind: RotatingKind, numRuns: number, seed: number): Promise<Counts> {
  const counts: Counts = { histories: 0, calls: 0, refusals: 0, crashes: 0 };
  await fc.assert(
    fc.asyncProperty(history, async events => {
      counts.histories += 1;
      await happen(await startWorld(kind, counts), events);
    }),
    { numRuns, seed },
  );
  return counts;
}
