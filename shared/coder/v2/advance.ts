import { deleteLeftCanaries, noteCanaryFailed, takeCanaryStep } from './canary.ts';
import { composeCatalogs } from './catalog/compose-round.ts';
import { createVersion } from './create-version.ts';
import { decideRollout } from './decide.ts';
import type { CanaryStep, RolloutFacts, RolloutStep, VersionFact } from './facts.ts';
import { listOwnVersions } from './own-versions.ts';
import { noteNamed, notePromoted, promote, restore, takeBack } from './promotion.ts';
import { readActive, readOurs, readTemplate } from './read-facts.ts';
import { type Building, noteActive, type Rollout } from './rollout.ts';
import {
  note,
  noteFailure,
  oursOf,
  type Round,
  type RoundOptions,
  type TemplateName,
  templateOf,
} from './round.ts';

export type RoundEnd = Extract<RolloutStep, { do: 'wait' | 'settle' }> & {
  /** What the template's variables hold. */
  active?: VersionFact | undefined;
  /** What the catalogs are to hold. */
  catalogs?: RolloutFacts['catalogs'];
};

/** Versions that one round archives, the oldest first. */
const MOST_ARCHIVED = 3;
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
    const { active, catalogs } = facts;
    if (step.do === 'wait') return { ...step, active, catalogs };
    if (step.do === 'settle') {
      if (step.reason === 'version-ready' && rollout.building) rollout.building.isReady = true;
      if (round.hasPromoted) await archiveOld(round);
      await deleteLeftCanaries(round);
      return { ...step, active, catalogs };
    }
    if (!isCanaryStep(step)) await take(round, step);
    else {
      await takeCanaryStep(round, step);
      // What was noted is stored before what follows from it is done.
      if (step.do !== 'read-canary') return { ...waitFor(step, now()), active, catalogs };
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
      // Ours has what was in use.
      if (facts.active.id !== rollout.building?.versionId) delete facts.catalogs;
      return noteNamed(round);
    case 'compose-catalogs':
      await composeCatalogs(round);
      return noteNamed(round);
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
      await takeBack(round, step.values);
      rollout.takenBackTo = templateOf(facts).activeVersionId;
      return;
    case 'drop':
      await takeBack(round, step.values);
      return note(round, undefined);
    case 'restore':
      return restore(round, step.versionId);
    case 'give-up':
      return giveUp(round, step);
  }
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

/** Older versions of the bridge's own; those that workspaces use stay. */
async function archiveOld({ options, facts, signal }: Round): Promise<void> {
  const { coder, keepVersions } = options;
  const { id, activeVersionId } = templateOf(facts);
  const own = await listOwnVersions(coder, id, signal);
  const old = own.filter(version => version.id !== activeVersionId).slice(keepVersions - 1);
  for (const version of old.slice(-MOST_ARCHIVED)) await coder.archive(version.id, signal);
}
