import { formatReference } from '../policy/reference.ts';
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
  /** Counts one tag that was compared, and its difference, if any. */
  found(finding: Finding): void;
  finish(): void;
}

/** @param repositories those of the run, in its order */
export function createProgress(begun: Report, repositories: readonly string[]): Progress {
  const tallies = new Map<string, Tally>();
  const findings = new Map(begun.findings.map(finding => [formatReference(finding), finding]));
  let { settled, cursor } = begun;
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
    }),
  };
}
