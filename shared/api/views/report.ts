import * as z from 'zod';
import { IMAGE_REASONS, REASONS, remedyOf, STATES } from '../../reasons.ts';
import { DIFFERENCES } from '../../reconciliation/differences.ts';
import { type LeftImage, WHY_LEFT, type WhyLeft } from '../../reconciliation/left.ts';
import { type Report, sum, type Tally } from '../../reconciliation/report.ts';
import { nextRun } from '../../reconciliation/timer.ts';
import type { StoredRegistry } from '../../records/registry.ts';
import { Count, counts, Time } from './fields.ts';

const DIFFERENCE_KINDS = Object.keys(DIFFERENCES) as (keyof typeof DIFFERENCES)[];

const Finding = z.strictObject({
  repository: z.string(),
  tag: z.string(),
  difference: z.enum(DIFFERENCE_KINDS),
  meaning: z.string(),
  state: z.enum(STATES).optional(),
  reason: z.enum(IMAGE_REASONS).optional(),
});

const Left = z.strictObject({
  count: Count,
  images: z
    .array(
      z.strictObject({
        repository: z.string(),
        tag: z.string(),
        reason: z.enum(IMAGE_REASONS),
        meaning: z.string(),
      }),
    )
    .describe('The first of them.'),
});

export const ReportView = z.strictObject({
  registry: z.string(),
  state: z.enum(['running', 'completed', 'failed']),
  dryRun: z.boolean(),
  startedOn: Time,
  endedOn: Time.optional(),
  total: Count.describe('Number of tags in the repositories that were started.'),
  done: Count.describe('Number of tags that were compared.'),
  repositories: z.strictObject({ total: Count.optional(), done: Count }),
  differences: counts(DIFFERENCE_KINDS),
  outcomes: counts(STATES),
  left: z.record(z.enum(WHY_LEFT), Left).describe('Images that were left as they were, and why.'),
  reason: z.enum(IMAGE_REASONS).optional().describe('Why it stopped.'),
  message: z.string().optional(),
  remedy: z.string().optional(),
  nextAttemptOn: Time.optional(),
  nextRunOn: Time.optional(),
  findings: z.array(Finding),
  findingsLeftOut: Count.optional(),
});

/** A reconciliation as the API shows it, with its progress, and the remedy when something stopped it. */
export function reportView(report: Report, registry: StoredRegistry, everyMinutes: number) {
  const { reason, findings } = report;
  const { repositories, total, done, differences, outcomes, left } = sum(report.settled, report.ahead);
  const found = Object.values(differences).reduce((all, count) => all + count, 0);
  return {
    registry: report.registry,
    state: report.state,
    dryRun: report.dryRun,
    startedOn: report.startedOn,
    endedOn: report.endedOn,
    total,
    done,
    repositories: { total: report.repositories, done: repositories },
    differences,
    outcomes,
    left: leftView(left, report.left),
    reason,
    message: report.message,
    remedy: reason && remedyOf(reason, undefined, report.remedy),
    nextAttemptOn: report.dueOn,
    nextRunOn: nextRun(registry, report, everyMinutes),
    findings: findings.map(finding => ({ ...finding, meaning: DIFFERENCES[finding.difference] })),
    findingsLeftOut: found > findings.length ? found - findings.length : undefined,
  };
}

function leftView(counted: Tally['left'], images: readonly LeftImage[]) {
  const one = (cause: WhyLeft) => ({
    count: counted[cause] ?? 0,
    images: images
      .filter(({ why }) => why === cause)
      .map(({ repository, tag, reason }) => ({ repository, tag, reason, meaning: REASONS[reason].meaning })),
  });
  return {
    pending: one('pending'),
    failed: one('failed'),
    skipped: one('skipped'),
    suspended: one('suspended'),
  };
}
