import * as z from 'zod';
import { json, word } from '../azure/row-codec.ts';
import type { Reference } from '../policy/reference.ts';
import type { ImageReason, State } from '../reasons.ts';
import type { DifferenceKind } from './differences.ts';

/** How many of what. */
export interface Tally {
  /** Repositories that are finished. */
  repositories: number;
  /** Tags that there are to look at in the repositories that were opened, and tags that were looked at. */
  total: number;
  done: number;
  differences: { [K in DifferenceKind]?: number };
  /** What became of the differences; empty in a dry run. */
  outcomes: { [S in State]?: number };
}

/** One difference, and what became of it. */
export interface Finding extends Reference {
  difference: DifferenceKind;
  state?: State;
  reason?: ImageReason;
}

/** The last comparison of one registry, or the one that is under way. Times are UTC. */
export const Report = z.object({
  /** Name of the registry, ours. */
  registry: z.string(),
  /** Only reports, and changes nothing. */
  dryRun: z.boolean(),
  state: z.enum(['running', 'completed', 'failed']),
  startedOn: z.date(),
  endedOn: z.date().exactOptional(),
  /** Repositories that the run goes through, as soon as they are known. */
  repositories: z.number().exactOptional(),
  /** The last repository, in order of their names, with which all before it are done. */
  cursor: z.string().exactOptional(),
  /** Of the repositories up to the cursor, which no resumed run looks at again. */
  settled: json<Tally>(),
  /** Of those that follow; a resumed run begins with none. */
  ahead: json<Tally>(),
  /** The first differences that were found, as many as fit. */
  findings: json<Finding[]>(),
  /** Times in a row that the run came to nothing. */
  attempts: z.number(),
  /** Why it stopped, and when it goes on if it does. */
  reason: word<ImageReason>().exactOptional(),
  message: z.string().exactOptional(),
  dueOn: z.date().exactOptional(),
});
export type Report = z.infer<typeof Report>;

export function emptyTally(): Tally {
  return { repositories: 0, total: 0, done: 0, differences: {}, outcomes: {} };
}

export function sum(one: Tally, other: Tally): Tally {
  return {
    repositories: one.repositories + other.repositories,
    total: one.total + other.total,
    done: one.done + other.done,
    differences: addCounts(one.differences, other.differences),
    outcomes: addCounts(one.outcomes, other.outcomes),
  };
}

function addCounts<T extends { [key: string]: number | undefined }>(one: T, other: T): T {
  const total: { [key: string]: number | undefined } = { ...one };
  for (const [key, count = 0] of Object.entries(other)) total[key] = (total[key] ?? 0) + count;
  return total as T;
}
