import { formatReference } from '../policy/reference.ts';
import type { LeftImage, LeftTag, WhyLeft } from './left.ts';
import { emptyTally, type Finding, type Report, sum, type Tally } from './report.ts';

/** Counts the work of a run. Several repositories are under way at once, each with its own count. */
export interface Progress {
  /** Starts the count of a repository with this number of tags. */
  open(repository: string, tags: number): RepositoryProgress;
  /** The report with the present counts. */
  report(): Report;
}

export interface RepositoryProgress {
  lookedAt(tags: number): void;
  /** Counts the tags that are left as they are. */
  leaves(tags: readonly LeftTag[]): void;
  /** Counts one tag that was compared, and its difference, if any. */
  found(finding: Finding): void;
  finish(): void;
}

/** Images named in the report for each cause to leave them, so that all fit into one column. */
const MOST_LEFT = 15;

/** @param repositories those of the run, in its order */
export function createProgress(begun: Report, repositories: readonly string[]): Progress {
  const tallies = new Map<string, Tally>();
  const findings = new Map(begun.findings.map(finding => [formatReference(finding), finding]));
  let { settled, cursor, left } = begun;
  let next = 0;

  /** A repository is settled when it and all before it are finished. */
  function settle(): void {
    for (let name = repositories[next]; name !== undefined; name = repositories[++next]) {
      const tally = tallies.get(name);
      if (!tally?.repositories) return;
      settled = sum(settled, tally);
      cursor = name;
      tallies.delete(name);
    }
  }

  return {
    open(repository, total) {
      const add = (more: Partial<Tally>) => {
        const tally = tallies.get(repository) ?? emptyTally();
        tallies.set(repository, sum(tally, { ...emptyTally(), ...more }));
      };
      add({ total });
      return {
        lookedAt: done => add({ done }),
        leaves(tags) {
          add({ left: countBy(tags.map(({ why }) => why)) });
          // A resumed run starts the repository again.
          const others = left.filter(image => image.repository !== repository);
          left = firstOfEach([...others, ...tags.map(tag => ({ repository, ...tag }))]);
        },
        found(finding) {
          findings.set(formatReference(finding), finding);
          const outcomes = finding.state ? { [finding.state]: 1 } : {};
          add({ done: 1, differences: { [finding.difference]: 1 }, outcomes });
        },
        finish() {
          add({ repositories: 1 });
          settle();
        },
      };
    },

    report: () => ({
      ...begun,
      repositories: begun.settled.repositories + repositories.length,
      ...(cursor !== undefined && { cursor }),
      settled,
      ahead: [...tallies.values()].reduce(sum, emptyTally()),
      findings: [...findings.values()],
      left,
    }),
  };
}

function countBy(causes: readonly WhyLeft[]): Tally['left'] {
  const counts: Tally['left'] = {};
  for (const why of causes) counts[why] = (counts[why] ?? 0) + 1;
  return counts;
}

function firstOfEach(images: readonly LeftImage[]): LeftImage[] {
  const seen: Tally['left'] = {};
  return images.filter(({ why }) => {
    seen[why] = (seen[why] ?? 0) + 1;
    return seen[why] <= MOST_LEFT;
  });
}
