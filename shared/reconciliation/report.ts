import * as z from 'zod';
import { json, word } from '../azure/tables/row-codec.ts';
import type { Reference } from '../policy/reference.ts';
import type { ImageReason, State } from '../reasons.ts';
import type { DifferenceKind } from './differences.ts';
import type { WhyLeft } from './left.ts';

/** Counts by name, which another release may know others of. */
const Counts = z.record(z.string(), z.number());

/** Counts by name. */
export interface Tally {
  /** Number of finished repositories. */
  repositories: number;
  /** Number of tags in the repositories that were started, and of tags that were compared. */
  total: number;
  done: number;
  differences: { [K in DifferenceKind]?: number };
  /** The outcomes of the differences; in a dry run, those that a real run would have. */
  outcomes: { [S in State]?: number };
  /** The tags that were left as they were. */
  left: { [W in WhyLeft]?: number };
}

/** One difference and its outcome. */
export interface Finding extends Reference {
  difference: DifferenceKind;
  state?: State;
  reason?: ImageReason;
}

const TallyJson = z.object({
  ...{ repositories: z.number(), total: z.number(), done: z.number() },
  ...{ differences: Counts, outcomes: Counts },
  // Earlier releases did not count these.
  left: Counts.default({}),
}) as z.ZodType<Tally>;

const FindingJson = z.object({
  ...{ repository: z.string(), tag: z.string(), difference: word<DifferenceKind>() },
  ...{ state: word<State>().exactOptional(), reason: word<ImageReason>().exactOptional() },
});

const LeftJson = z.object({
  ...{ repository: z.string(), tag: z.string() },
  ...{ why: word<WhyLeft>(), reason: word<ImageReason>() },
});

/** The report of a registry's last reconciliation, or of the one that is under way. Times are UTC. */
export const Report = z.object({
  /** The bridge's name of the registry. */
  registry: z.string(),
  /** Only reports, and changes nothing. */
  dryRun: z.boolean(),
  state: z.enum(['running', 'completed', 'failed']),
  startedOn: z.date(),
  endedOn: z.date().exactOptional(),
  /** Number of repositories in the run, once it is known. */
  repositories: z.number().exactOptional(),
  /** The last repository, in order of names, up to which all are done. */
  cursor: z.string().exactOptional(),
  /** Counts of the repositories up to the cursor. A resumed run skips these. */
  settled: json(TallyJson),
  /** Counts of the repositories after the cursor. A resumed run starts them at zero. */
  ahead: json(TallyJson),
  /** The first differences, as many as fit. */
  findings: json(z.array(FindingJson)),
  /** The first images that were left as they were, some of each kind; earlier releases have no such column. */
  left: json(z.array(LeftJson)).prefault('[]'),
  /** Number of times in a row that the run stopped early without progress. */
  attempts: z.number(),
  /** Why it stopped, and when it goes on, if it does. */
  reason: word<ImageReason>().exactOptional(),
  message: z.string().exactOptional(),
  /** What a person must do, where the reason alone does not say it. */
  remedy: z.string().exactOptional(),
  dueOn: z.date().exactOptional(),
});
export type Report = z.infer<typeof Report>;

export function emptyTally(): Tally {
  return { repositories: 0, total: 0, done: 0, differences: {}, outcomes: {}, left: {} };
}

export function sum(one: Tally, other: Tally): Tally {
  return {
    repositories: one.repositories + other.repositories,
    total: one.total + other.total,
    done: one.done + other.done,
    differences: addCounts(one.differences, other.differences),
    outcomes: addCounts(one.outcomes, other.outcomes),
    left: addCounts(one.left, other.left),
  };
}

function addCounts<T extends { [key: string]: number | undefined }>(one: T, other: T): T {
  const total: { [key: string]: number | undefined } = { ...one };
  for (const [key, count = 0] of Object.entries(other)) total[key] = (total[key] ?? 0) + count;
  return total as T;
}
