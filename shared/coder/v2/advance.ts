import { archiveOld } from './archive-old.ts';
import { deleteLeftCanaries, noteCanaryFailed, takeCanaryStep } from './canary.ts';
import { createVersion } from './create-version.ts';
import { decideRollout } from './decide.ts';
import { type CanaryStep, type RolloutFacts, type RolloutStep, type VersionFact, valuesOf } from './facts.ts';
import { readActive, readOurs, readTemplate } from './read-facts.ts';
import { type Building, hold, noteActive, type Rollout, remember } from './rollout.ts';
import {
  note,
  noteFailure,
  oursOf,
  type Round,
  type RoundOptions,
  type TemplateName,
  templateOf,
} from './round.ts';
import { isSameImage } from './value.ts';

export type RoundEnd = Extract<RolloutStep, { do: 'wait' | 'settle' }> & {
  /** The version that is active, or that is being built. */
  version?: string | undefined;
  /** What the template's variables hold. */
  active?: VersionFact | undefined;
};

/** Error lines of an import that a message quotes. */
const QUOTED_LINES = 5;

/**
 * Takes step after step until the rollout has to wait or there is nothing left to do. Every fact is read anew, and
 * what Coder cannot tell is noted in `rollout`.
 *
 * @throws ServiceError
 */
export async function advance(
  options: RoundOptions,
  name: TemplateName,
  rollout: Rollout,
  signal: AbortSignal,
): Promise<RoundEnd> {
  const { now, wanted, isManual, restores } = options;
  const facts: RolloutFacts = { rollout, wanted, isManual, restores, canaryRule: options.canary, now: now() };
  const round: Round = { options, name, rollout, facts, signal, hasPromoted: false };
  for (;;) {
    const step = decideRollout(facts);
    if (step.do === 'wait') return { ...step, version: rollout.building?.name, active: facts.active };
    if (step.do === 'settle') {
      if (round.hasPromoted) await archiveOld(round);
      await deleteLeftCanaries(round);
      return { ...step, version: facts.active?.name, active: facts.active };
    }
    if (!isCanaryStep(step)) await take(round, step);
    else {
      await takeCanaryStep(round, step);
      // What was noted is stored before what follows from it is done.
      if (step.do !== 'read-canary')
        return { ...waitFor(step, now()), version: rollout.building?.name, active: facts.active };
    }
  }
}

function isCanaryStep(step: RolloutStep): step is CanaryStep {
  return step.do.endsWith('-canary');
}

function waitFor(step: CanaryStep, now: Date): Extract<RolloutStep, { do: 'wait' }> {
  const isNote = step.do === 'note-canary' || step.do === 'judge-canary';
  return { do: 'wait', reason: 'canary-running', ...(isNote && { until: now }) };
}

type Taken = Exclude<RolloutStep, CanaryStep | { do: 'wait' | 'settle' }>;

async function take(round: Round, step: Taken): Promise<void> {
  const { options, rollout, facts, signal } = round;
  const { coder } = options;
  switch (step.do) {
    case 'read-template':
      facts.template = await readTemplate(round);
      return;
    case 'read-active':
      facts.active = await readActive(round);
      noteActive(rollout, facts.active.id);
      return noteNamed(round, valuesOf(facts.active));
    case 'read-ours':
      facts.ours = await readOurs(round, step.building);
      return;
    case 'read-variables-of-ours':
      facts.ours = { ...oursOf(facts), variables: await coder.listVariables(oursOf(facts).id, signal) };
      return;
    case 'create':
      return createVersion(round, step.building);
    case 'note-building':
      return note(round, step.building);
    case 'cancel':
      await coder.cancel(oursOf(facts).id, signal);
      delete facts.ours;
      return;
    case 'discard':
      await coder.archive(oursOf(facts).id, signal);
      return note(round, undefined);
    case 'promote':
      return promote(round, oursOf(facts).id);
    case 'note-promoted':
      return notePromoted(round, oursOf(facts));
    case 'hold':
      hold(rollout, step.values);
      rollout.takenBackTo = templateOf(facts).activeVersionId;
      return;
    case 'drop':
      hold(rollout, step.values);
      return note(round, undefined);
    case 'restore':
      return restore(round, step.versionId);
    case 'give-up':
      return giveUp(round, step);
  }
}

function noteNamed({ rollout, options }: Round, has: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(options.wanted)) {
    if (isSameImage(has[name], value)) rollout.named[name] = value;
  }
}

async function restore(round: Round, versionId: string): Promise<void> {
  const { activeVersionId } = templateOf(round.facts);
  await promote(round, versionId);
  round.rollout.takenBackTo = activeVersionId;
}

/** Coder has no condition on a promotion, so the template is read once more right before. */
async function promote(round: Round, versionId: string): Promise<void> {
  const { facts, options, signal } = round;
  const before = templateOf(facts);
  const now = await readTemplate(round);
  facts.template = now;
  if (now?.activeVersionId !== before.activeVersionId) return;
  await options.coder.promote(before.id, versionId, signal);
  // Only what Coder shows then counts.
  delete facts.template;
}

function notePromoted(round: Round, ours: VersionFact): void {
  const { rollout, facts, options } = round;
  round.hasPromoted = true;
  const { values, before, since: begunOn } = rollout.building as Building;
  const { id: versionId, createdOn, importedOn } = ours;
  const importMs = importedOn && importedOn.getTime() - createdOn.getTime();
  const times = {
    createdOn,
    begunOn,
    promotedOn: options.now(),
    ...(importMs !== undefined && { importMs }),
  };
  const isUntried = options.canary && facts.isDeprecated && !rollout.building?.canary?.verdict?.isReady;
  const warning =
    'The template is deprecated, so that Coder started no workspace to try the image before its promotion.';
  rollout.last = { versionId, ...times, ...(isUntried && { warning }) };
  remember(rollout, Object.values(values));
  remember(rollout, Object.values(before), times.promotedOn);
  // Another digest of these was pushed.
  const changed = Object.keys(values).filter(name => !isSameImage(values[name], before[name]));
  for (const name of changed) {
    delete rollout.held[name];
    delete rollout.canaryFailed[name];
  }
  for (const name of Object.keys(values)) delete rollout.suspects[name];
  delete rollout.building;
  delete rollout.failed;
  delete facts.ours;
}

async function giveUp(
  round: Round,
  { reason, message }: Extract<RolloutStep, { do: 'give-up' }>,
): Promise<void> {
  const { rollout, facts, options, signal } = round;
  const ours = oursOf(facts);
  const logs = ours.status === 'failed' ? await options.coder.listLogs(ours.id, signal) : [];
  const lines = logs.filter(({ log_level }) => log_level === 'error').map(({ output }) => output);
  await options.coder.archive(ours.id, signal);
  const building = rollout.building as Building;
  // The last line often is the error that Coder shows for the import.
  const said = [...new Set([message, ...lines.slice(-QUOTED_LINES)])].join(' ');
  note(round, undefined);
  if (reason === 'canary-failed') {
    return noteCanaryFailed(rollout, building, message, options.canary?.keepOnFailure === true);
  }
  noteFailure(round, building, reason, said);
}
