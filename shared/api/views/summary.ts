import * as z from 'zod';
import type { Rollout } from '../../coder/v2/rollout.ts';
import { endsSoon, renewOn } from '../../credentials/renewal.ts';
import { IMAGE_REASONS, STATES } from '../../reasons.ts';
import { nextRun } from '../../reconciliation/timer.ts';
import type { StoredRegistry } from '../../records/registry.ts';
import type { ReasonCount, Summary } from '../../records/summary.ts';
import { STAGES, stageOf } from '../../rotation/stage.ts';
import { type Cause, judgeRegistry, LIGHTS, lightOf } from '../../summary/judge.ts';
import { judgeTemplate } from '../../summary/judge-template.ts';
import { Count, counts, Time } from './fields.ts';
import { wantedImages } from './template.ts';

const Causes = z.array(
  z.strictObject({
    light: z.enum(['amber', 'red']),
    reason: z.string(),
    message: z.string(),
    remedy: z.string().optional(),
  }),
);

const Lit = {
  light: z
    .enum(LIGHTS)
    .describe('`green`: nothing to do. `amber`: something to look at. `red`: it does not work.'),
  causes: Causes.describe('Why it is not green, the worst first.'),
};

const ImageCounts = z.strictObject({
  total: Count,
  byState: counts(STATES),
  byReason: z
    .array(z.strictObject({ state: z.enum(STATES), reason: z.enum(IMAGE_REASONS), count: Count }))
    .describe('The most frequent first.'),
});

const percentiles = {
  count: Count,
  p50Ms: z.int().optional(),
  p95Ms: z.int().optional(),
  maxMs: z.int().optional(),
};

const RegistrySummary = z.strictObject({
  name: z.string(),
  loginServer: z.string(),
  ...Lit,
  suspended: z.boolean().optional(),
  countedOn: Time.optional().describe(
    'When its image records were counted: images, times of pushes, latency and reconciliation are as of then.',
  ),
  images: ImageCounts,
  oldestWaitingPushedOn: Time.optional().describe('The oldest push that waits for Coder.'),
  lastEventOn: Time.optional().describe('The newest push that an event reported.'),
  credential: z.strictObject({
    kind: z.string(),
    issuedOn: Time.optional(),
    expiresOn: Time.optional(),
    endsSoon: z.boolean(),
    nextRotationOn: Time.optional(),
    step: z.enum(STAGES).optional().describe('Stage of the rotation under way.'),
  }),
  reconciliation: z.strictObject({
    state: z.enum(['running', 'completed', 'failed']).optional().describe('Absent before the first one.'),
    startedOn: Time.optional(),
    endedOn: Time.optional(),
    nextRunOn: Time.optional().describe('When the timer starts the next run; absent during a run.'),
  }),
  latency: z
    .strictObject({
      ...percentiles,
      hours: z.array(z.strictObject({ startsOn: Time, ...percentiles })),
    })
    .describe('Of the 24 hours before `countedOn`, and of each hour in which a push arrived, in ms.'),
});

const TemplateSummary = z.strictObject({
  organization: z.string(),
  template: z.string(),
  ...Lit,
  wanted: z
    .record(z.string(), z.string())
    .describe('What each variable is to name that names one image: absent while that is held.'),
  building: z
    .strictObject({ version: z.string(), since: Time })
    .optional()
    .describe('The version that is being built, or waits for a person to promote it.'),
  promotedOn: Time.optional().describe('When the bridge promoted a version of it last.'),
  held: Count.describe('Number of values that a person took back.'),
});

export const SummaryView = z.strictObject({
  asOf: Time.optional().describe('The oldest of the counts; absent without a registry.'),
  images: ImageCounts.describe('Of all registries.'),
  registries: z.array(RegistrySummary),
  templates: z
    .array(TemplateSummary)
    .describe(
      'Templates of Coder v2 that an image went to, as the bridge remembers them. GET /templates asks Coder.',
    ),
});

export interface SummaryFacts {
  registries: readonly { registry: StoredRegistry; summary: Summary | undefined }[];
  rollouts: readonly Rollout[];
  reconcileEveryMinutes: number;
  now: Date;
}

/** The overview: what was counted, beside what the registries' rows say now. */
export function summaryView({ registries, rollouts, reconcileEveryMinutes, now }: SummaryFacts) {
  const counted = registries.flatMap(({ summary }) => summary ?? []);
  const asOf = counted.map(({ countedOn }) => countedOn.getTime());
  return {
    asOf: asOf.length > 0 ? new Date(Math.min(...asOf)) : undefined,
    images: countsView(counted.flatMap(({ images }) => images)),
    registries: registries.map(({ registry, summary }) =>
      registrySummary(registry, summary, reconcileEveryMinutes, now),
    ),
    templates: rollouts.map(rollout => templateSummary(rollout, now)),
  };
}

function registrySummary(
  registry: StoredRegistry,
  summary: Summary | undefined,
  everyMinutes: number,
  now: Date,
) {
  const { credential, rotation, suspended } = registry;
  const { current } = rotation;
  const { reconciliation } = summary ?? {};
  return {
    name: registry.name,
    loginServer: registry.loginServer,
    ...lit(judgeRegistry({ registry, summary, now })),
    suspended: suspended || undefined,
    countedOn: summary?.countedOn,
    images: countsView(summary?.images ?? []),
    oldestWaitingPushedOn: summary?.oldestWaitingPushedOn,
    lastEventOn: summary?.lastEventOn,
    credential: {
      kind: credential.kind,
      issuedOn: current?.issuedOn,
      expiresOn: current?.expiresOn,
      endsSoon: current !== undefined && endsSoon(current, now),
      nextRotationOn: renewOn(credential, current),
      step: stageOf(registry),
    },
    reconciliation: {
      state: reconciliation?.state,
      startedOn: reconciliation?.startedOn,
      endedOn: reconciliation?.endedOn,
      nextRunOn: nextRun(registry, reconciliation, everyMinutes),
    },
    latency: summary?.latency ?? { count: 0, hours: [] },
  };
}

function templateSummary(rollout: Rollout, now: Date) {
  const { name, building, last, held } = rollout;
  return {
    organization: name?.organization,
    template: name?.template,
    ...lit(judgeTemplate(rollout, now)),
    wanted: Object.fromEntries(wantedImages(rollout)),
    building: building && { version: building.name, since: building.since },
    promotedOn: last?.promotedOn,
    held: Object.values(held).flat().length,
  };
}

function lit(causes: readonly Cause[]) {
  return { light: lightOf(causes), causes };
}

function countsView(all: readonly ReasonCount[]) {
  const byState: Record<string, number> = {};
  const byReason = new Map<string, ReasonCount>();
  for (const { state, reason, count } of all) {
    byState[state] = (byState[state] ?? 0) + count;
    const key = `${state} ${reason}`;
    byReason.set(key, { state, reason, count: count + (byReason.get(key)?.count ?? 0) });
  }
  const total = all.reduce((sum, { count }) => sum + count, 0);
  return { total, byState, byReason: [...byReason.values()].sort((one, other) => other.count - one.count) };
}
