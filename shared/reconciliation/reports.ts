import type { TableClient } from '@azure/data-tables';
import { change, type Row, readRow } from '../azure/tables.ts';
import { ConflictError } from '../errors.ts';
import type { ImageReason } from '../reasons.ts';
import { RECONCILIATION_KEY } from '../records/keys.ts';
import { emptyTally, type Finding, type Report } from './report.ts';

/** A report in the hands of whoever carries the run on. */
export interface HeldReport {
  report: Report;
  /**
   * Writes the report and stays its holder, or releases it.
   * @throws ConflictError when somebody else took the run over, or the registry was removed
   */
  save(report: Report, hold: boolean): Promise<void>;
}

/** One report per registry, which is also the lease of the run. */
export interface Reports {
  get(registry: string): Promise<Report | undefined>;
  /** Begins a run, or joins the one that is under way; one that only reports gives way to one that does not. */
  start(registry: string, dryRun: boolean): Promise<Report>;
  /** Takes a run that goes on and that nobody carries on; undefined when there is none, or it is not due. */
  claim(registry: string): Promise<HeldReport | undefined>;
}

interface ReportRow extends Omit<Report, 'registry' | 'settled' | 'ahead' | 'findings'> {
  kind: 'reconciliation';
  /** JSON, as are the following */
  settled: string;
  ahead: string;
  findings: string;
  leaseUntil?: Date;
}

/** A string property in Table Storage holds 32 Ki characters. */
const LONGEST_FINDINGS = 30_000;

/**
 * @param table the `images` table
 * @param leaseMs longer than a holder goes without saving
 */
export function createReports(table: TableClient, now: () => Date, leaseMs: number): Reports {
  const read = (registry: string) =>
    readRow<ReportRow>(table, { partitionKey: registry, rowKey: RECONCILIATION_KEY });

  /** The new ETag. @throws ConflictError when the row is not as `etag` says, or is there although it says nothing */
  async function write(report: Report, hold: boolean, etag: string | undefined): Promise<string> {
    const lease = hold ? { leaseUntil: new Date(now().getTime() + leaseMs) } : {};
    const row = { ...toRow(report), ...lease };
    const operation = etag ? table.updateEntity(row, 'Replace', { etag }) : table.createEntity(row);
    return (await change<{ etag?: string }>(operation)).etag as string;
  }

  return {
    async get(registry) {
      const row = await read(registry);
      return row && fromRow(row);
    },

    async start(registry, dryRun) {
      for (;;) {
        const row = await read(registry);
        const known = row && fromRow(row);
        const joins = known?.state === 'running' && (dryRun || !known.dryRun);
        if (joins && (!known.dueOn || isHeld(row, now()))) return known;
        const { dueOn: _, ...running } = known ?? newReport(registry, dryRun, now());
        const report = joins ? running : newReport(registry, dryRun, now());
        try {
          await write(report, false, row?.etag);
          return report;
        } catch (error) {
          if (!(error instanceof ConflictError)) throw error;
        }
      }
    },

    async claim(registry) {
      const row = await read(registry);
      if (row?.state !== 'running' || isHeld(row, now()) || (row.dueOn && row.dueOn > now()))
        return undefined;
      const report = { ...fromRow(row), ahead: emptyTally() };
      try {
        let etag = await write(report, true, row.etag);
        return {
          report,
          async save(changed, hold) {
            etag = await write(changed, hold, etag);
          },
        };
      } catch (error) {
        if (error instanceof ConflictError) return undefined;
        throw error;
      }
    },
  };
}

function newReport(registry: string, dryRun: boolean, startedOn: Date): Report {
  const nothing = { settled: emptyTally(), ahead: emptyTally(), findings: [], attempts: 0 };
  return { registry, dryRun, state: 'running', startedOn, ...nothing };
}

function isHeld(row: { leaseUntil?: Date } | undefined, now: Date): boolean {
  return row?.leaseUntil !== undefined && row.leaseUntil > now;
}

function toRow({ registry, settled, ahead, findings, ...fields }: Report) {
  return {
    partitionKey: registry,
    rowKey: RECONCILIATION_KEY,
    kind: 'reconciliation',
    ...fields,
    settled: JSON.stringify(settled),
    ahead: JSON.stringify(ahead),
    findings: JSON.stringify(fitting(findings)),
  };
}

function fitting(findings: readonly Finding[]): Finding[] {
  let length = 0;
  return findings.filter(finding => {
    length += JSON.stringify(finding).length + 1;
    return length < LONGEST_FINDINGS;
  });
}

function fromRow(row: Row<ReportRow>): Report {
  const { dryRun, state, startedOn, endedOn, repositories, cursor, attempts, reason, message, dueOn } = row;
  return {
    registry: row.partitionKey as string,
    ...{ dryRun, state, startedOn, attempts },
    settled: JSON.parse(row.settled),
    ahead: JSON.parse(row.ahead),
    findings: JSON.parse(row.findings),
    ...(endedOn && { endedOn }),
    ...(repositories !== undefined && { repositories }),
    ...(cursor !== undefined && { cursor }),
    ...(reason && { reason: reason as ImageReason }),
    ...(message && { message }),
    ...(dueOn && { dueOn }),
  };
}
