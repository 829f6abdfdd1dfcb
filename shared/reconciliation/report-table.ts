import type { TableClient } from '@azure/data-tables';
import { readLeasable, writeLeasable } from '../azure/tables/leasable-row.ts';
import { createLease, isHeld, type Leasable } from '../azure/tables/lease.ts';
import { createRowCodec } from '../azure/tables/row-codec.ts';
import type { RowKey } from '../azure/tables/tables.ts';
import { ConflictError, UnreadableRowError } from '../errors.ts';
import { RECONCILIATION_KEY } from '../records/keys.ts';
import { emptyTally, type Finding, Report } from './report.ts';

/** A report whose lease this worker holds. */
export interface LeasedReport {
  report: Report;
  /**
   * Writes the report and keeps the lease.
   * @throws ConflictError when another worker took over the run, or the registry was deleted
   */
  save(report: Report): Promise<void>;
  /** Writes the report and releases the lease. @throws ConflictError as `save` does */
  release(report: Report): Promise<void>;
}

/** One report per registry. The same row has the lease of the run. */
export interface Reports {
  /** @throws UnreadableRowError */
  get(registry: string): Promise<Report | undefined>;
  /** Starts a run, or joins the one that is under way. It replaces a dry run, and a report that cannot be read. */
  start(registry: string, dryRun: boolean): Promise<Report>;
  /**
   * Takes the lease of a run that is under way; undefined when there is none, another worker has it, or it is not due.
   */
  take(registry: string): Promise<LeasedReport | undefined>;
}

/** A string property in Table Storage holds 32 Ki characters. */
const LONGEST_FINDINGS = 30_000;

const codec = createRowCodec(Report, {
  constants: { kind: 'reconciliation' },
  inKey: { partitionKey: 'registry' },
});

/**
 * @param table the `images` table
 * @param leaseMs longer than a holder works without saving
 */
export function createReports(table: TableClient, now: () => Date, leaseMs: number): Reports {
  const lease = createLease(write, now, leaseMs);

  function read(registry: string): Promise<Leasable<Report> | undefined> {
    return readLeasable(table, codec, keyOf(registry));
  }

  /** Of a row that cannot be read, only the ETag. */
  async function readToReplace(registry: string) {
    try {
      const found = await read(registry);
      return { found, etag: found?.etag };
    } catch (error) {
      if (error instanceof UnreadableRowError) return { found: undefined, etag: error.etag };
      throw error;
    }
  }

  function write({ content, ...stored }: Leasable<Report>): Promise<string> {
    const report = { ...content, findings: fitting(content.findings) };
    return writeLeasable(table, codec, keyOf(report.registry), { content: report, ...stored });
  }

  return {
    async get(registry) {
      return (await read(registry))?.content;
    },

    async start(registry, dryRun) {
      for (;;) {
        const { found, etag } = await readToReplace(registry);
        const joined = found && isJoined(found.content, dryRun) ? found : undefined;
        if (joined && (!joined.content.dueOn || isHeld(joined, now()))) return joined.content;
        const { dueOn: _, ...report } = joined?.content ?? newReport(registry, dryRun, now());
        try {
          await write({ content: report, etag });
          return report;
        } catch (error) {
          if (!(error instanceof ConflictError)) throw error;
        }
      }
    },

    async take(registry) {
      const found = await read(registry);
      const { state, dueOn } = found?.content ?? {};
      if (!found || state !== 'running' || (dueOn && dueOn > now())) return undefined;
      const report = { ...found.content, ahead: emptyTally() };
      const taken = await lease.take({ ...found, content: report });
      if (!taken) return undefined;
      let held: Leasable<Report> = taken;
      return {
        report,
        async save(changed) {
          held = await lease.save({ ...held, content: changed });
        },
        async release(changed) {
          await lease.release({ ...held, content: changed });
        },
      };
    },
  };
}

/** Whether a new request joins the run that is under way. */
function isJoined({ state, dryRun }: Report, asksForDryRun: boolean): boolean {
  return state === 'running' && (asksForDryRun || !dryRun);
}

function newReport(registry: string, dryRun: boolean, startedOn: Date): Report {
  const nothing = { settled: emptyTally(), ahead: emptyTally(), findings: [], left: [], attempts: 0 };
  return { registry, dryRun, state: 'running', startedOn, ...nothing };
}

function keyOf(registry: string): RowKey {
  return { partitionKey: registry, rowKey: RECONCILIATION_KEY };
}

function fitting(findings: readonly Finding[]): Finding[] {
  let length = 0;
  const end = findings.findIndex(finding => {
    length += JSON.stringify(finding).length + 1;
    return length >= LONGEST_FINDINGS;
  });
  return end < 0 ? [...findings] : findings.slice(0, end);
}
