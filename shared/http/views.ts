import * as z from 'zod';
import { MemoView, RegistryWords, RequestWords } from '../coder/words.ts';
import type { Explanation } from '../images/explain.ts';
import { foundOf } from '../images/found.ts';
import { Policy, ruleOf } from '../policy/policy.ts';
import { formatReference, type Reference } from '../policy/reference.ts';
import { IMAGE_REASONS, REASONS, remedyOf, STATES } from '../reasons.ts';
import { DIFFERENCES } from '../reconciliation/differences.ts';
import { type Report, sum } from '../reconciliation/report.ts';
import { nextRun } from '../reconciliation/timer.ts';
import type { ImageRecord } from '../records/images.ts';
import type { Registry, StoredRegistry } from '../records/registry.ts';
import { RotationView, rotationView } from './rotation-view.ts';

// The schemas describe answers, for the OpenAPI document and the tests that hold the app to it.

const Time = z.iso.datetime();
const Count = z.int().min(0);
const counts = <K extends string>(keys: readonly K[]) => z.partialRecord(z.enum(keys), Count);
const differenceKinds = Object.keys(DIFFERENCES) as (keyof typeof DIFFERENCES)[];

/** One page of a list. */
export function pageOf(item: z.ZodType) {
  return z.strictObject({
    items: z.array(item),
    continuationToken: z.string().optional().describe('Asks for the next page; absent on the last.'),
  });
}

export const RegistryView = z.strictObject({
  name: z.string(),
  resourceId: z.string(),
  loginServer: z.string(),
  sku: z.string(),
  ...RegistryWords.shape,
  credential: z.looseObject({ kind: z.string() }).describe('As it was declared, without a password.'),
  rotation: RotationView,
  policy: Policy,
  suspended: z.boolean().optional(),
  pinned: z.boolean().optional(),
  reconcileEveryMinutes: z.int().optional(),
  createdOn: Time,
  updatedOn: Time,
});

/** A registry as callers see it: as it was declared, and what Azure added. Where secrets are is left out. */
export function registryView(registry: StoredRegistry) {
  const { name, resourceId, loginServer, sku, credential, policy, createdOn, updatedOn } = registry;
  const { suspended, pinned, reconcileEveryMinutes } = registry;
  return {
    name,
    resourceId,
    loginServer,
    sku,
    ...RegistryWords.parse(registry),
    credential,
    rotation: rotationView(registry),
    policy,
    ...(suspended && { suspended }),
    ...(pinned && { pinned }),
    ...(reconcileEveryMinutes && { reconcileEveryMinutes }),
    createdOn,
    updatedOn,
  };
}

export const ImageView = z.strictObject({
  registry: z.string(),
  repository: z.string(),
  tag: z.string(),
  reference: z.string(),
  digest: z.string().optional(),
  pinnedReference: z
    .string()
    .optional()
    .describe('Pulls exactly the digest that Coder has; only of one record.'),
  state: z.enum(STATES),
  reason: z.enum(IMAGE_REASONS),
  message: z.string().describe('What happened this time.'),
  meaning: z.string().optional().describe('What the reason means.'),
  remedy: z.string().optional().describe('What a person can do about it.'),
  attempts: Count.optional(),
  nextAttemptOn: Time.optional(),
  pushedOn: Time,
  importedOn: Time.optional(),
  latencyMs: z.int().optional().describe('From the push to the moment when Coder had it.'),
  updatedOn: Time,
  ...MemoView.shape,
  requested: RequestWords.optional().describe(
    'What was asked for by hand, which goes before rule and labels.',
  ),
});

/**
 * An image record as callers see it, with the way out when there is something to do.
 * @param of the registry, for a reference that anybody can pull
 */
export function imageView(record: ImageRecord, of?: Registry) {
  const { registry, repository, tag, state, reason, message, digest, attempts, dueOn, pushedOn, importedOn } =
    record;
  const remedy = remedyOf(reason, state);
  const inCoder = state === 'imported' ? digest : record.coderDigest;
  return {
    registry,
    repository,
    tag,
    reference: formatReference(record),
    ...(digest && { digest }),
    ...(inCoder && of && { pinnedReference: `${of.loginServer}/${repository}@${inCoder}` }),
    state,
    reason,
    message,
    ...(state !== 'imported' && { meaning: REASONS[reason].meaning }),
    ...(remedy && { remedy }),
    ...(attempts > 0 && { attempts }),
    ...(dueOn && { nextAttemptOn: dueOn }),
    pushedOn,
    ...(importedOn && { importedOn }),
    ...(record.latencyMs !== undefined && { latencyMs: record.latencyMs }),
    updatedOn: record.updatedOn,
    ...MemoView.parse(record.memo ?? {}),
    ...(record.requested && { requested: record.requested }),
  };
}

export const ReportView = z.strictObject({
  registry: z.string(),
  state: z.enum(['running', 'completed', 'failed']),
  dryRun: z.boolean(),
  startedOn: Time,
  endedOn: Time.optional(),
  total: Count.describe('Tags to look at in the repositories that were opened.'),
  done: Count.describe('Tags that were looked at.'),
  repositories: z.strictObject({ total: Count.optional(), done: Count }),
  differences: counts(differenceKinds),
  outcomes: counts(STATES),
  reason: z.enum(IMAGE_REASONS).optional().describe('Why it stopped.'),
  message: z.string().optional(),
  remedy: z.string().optional(),
  nextAttemptOn: Time.optional(),
  nextRunOn: Time.optional(),
  findings: z.array(
    z.strictObject({
      repository: z.string(),
      tag: z.string(),
      difference: z.enum(differenceKinds),
      meaning: z.string(),
      state: z.enum(STATES).optional(),
      reason: z.enum(IMAGE_REASONS).optional(),
    }),
  ),
  findingsLeftOut: Count.optional(),
});

export const LatencyView = z.strictObject({
  registry: z.string(),
  since: Time,
  count: Count,
  p50Ms: z.int().optional(),
  p95Ms: z.int().optional(),
  maxMs: z.int().optional(),
});

export const DiagnosisView = z.strictObject({
  registry: z.string(),
  checkedOn: Time,
  ok: z.boolean().describe('Whether nothing was found to be wrong.'),
  findings: z.array(
    z.strictObject({
      check: z.string(),
      ok: z.boolean().nullable().describe('null when it was not checked, since something else is wrong.'),
      reason: z.string().describe('`ok`, `not-checked`, or what is wrong.'),
      message: z.string(),
      remedy: z.string().optional(),
    }),
  ),
});

/** A comparison as callers see it, with its progress, and the way out when something stopped it. */
export function reportView(report: Report, registry: StoredRegistry, everyMinutes: number) {
  const { state, dryRun, startedOn, endedOn, findings, reason, message, dueOn } = report;
  const { repositories, total, done, differences, outcomes } = sum(report.settled, report.ahead);
  const found = Object.values(differences).reduce((all, count) => all + count, 0);
  const remedy = reason && remedyOf(reason);
  const nextRunOn = nextRun(registry, report, everyMinutes);
  return {
    registry: report.registry,
    state,
    dryRun,
    startedOn,
    ...(endedOn && { endedOn }),
    total,
    done,
    repositories: { total: report.repositories, done: repositories },
    differences,
    outcomes,
    ...(reason && { reason, message }),
    ...(remedy && { remedy }),
    ...(dueOn && { nextAttemptOn: dueOn }),
    ...(nextRunOn && { nextRunOn }),
    findings: findings.map(finding => ({ ...finding, meaning: DIFFERENCES[finding.difference] })),
    ...(found > findings.length && { findingsLeftOut: found - findings.length }),
  };
}

export const ReplayView = z.union([
  z.strictObject({
    registry: z.string(),
    replayed: Count,
    complete: z.boolean().describe('False when time ran out: call again for the others.'),
  }),
  ImageView,
]);

const Explained = z.strictObject({
  dryRun: z.literal(true),
  registry: z.string(),
  repository: z.string(),
  tag: z.string(),
  policy: z.strictObject({
    action: z.enum(['import', 'skip']),
    rule: z.int().optional().describe('Place of the rule that decides, from 0; absent when none does.'),
  }),
  found: z
    .strictObject({
      digest: z.string(),
      kind: z.enum(['image', 'index', 'other']),
      what: z.string().optional(),
      platforms: z.array(z.string()).optional(),
    })
    .nullable()
    .describe('What the registry has under the tag; null when it has nothing, or was not asked.'),
  calls: z
    .array(z.strictObject({ method: z.string(), path: z.string(), body: z.looseObject({}).optional() }))
    .describe('The calls to Coder that would change something, in order.'),
  image: ImageView.nullable().describe('The record as it would be.'),
  wouldAnswer: z.int().optional().describe('The status that the call has without `dryRun`.'),
});

export const ExplanationView = z.union([ImageView, Explained]);

/** What an import would do, as callers see it. */
export function explanationView(
  { facts, registry, calls, record }: Explanation,
  { repository, tag }: Reference,
) {
  const { verdict } = facts;
  const rule = ruleOf(registry, { repository, tag });
  return {
    dryRun: true,
    registry: registry.name,
    repository,
    tag,
    policy: { action: verdict.action, ...(rule >= 0 && { rule }) },
    found: foundOf(facts),
    calls,
    image: record ? imageView(record, registry) : null,
  };
}
