import { awaitImport, beginBuilding, decideBuilding, isImporting, valuesToBuild } from './decide-building.ts';
import { endCanary } from './decide-canary.ts';
import { driftOf } from './drift.ts';
import {
  type GivenUp,
  isSame,
  type RolloutFacts,
  type RolloutStep,
  type VersionFact,
  valuesOf,
  wishedOf,
} from './facts.ts';
import { refuseVariable } from './refuse-variable.ts';
import type { Rollout } from './rollout.ts';
import { isSameImage } from './value.ts';

/** The one step that comes next. What was cut off is decided anew, from what Coder says. */
export function decideRollout(facts: RolloutFacts): RolloutStep {
  const { template, active, ours, rollout } = facts;
  const { building } = rollout;
  if (building?.versionId !== undefined) {
    // While an import runs, nothing else matters: each look is one call.
    if (ours === undefined) return { do: 'read-ours', building };
    if (ours !== null && isImporting(ours)) return awaitImport(facts, building, ours);
  }
  if (template === undefined) return { do: 'read-template' };
  if (template === null)
    return (building && endCanary(facts, building)) ?? { do: 'settle', reason: 'template-missing' };
  if (active?.id !== template.activeVersionId) return { do: 'read-active' };
  if (!facts.catalogs && Object.keys(rollout.catalogs).length > 0) return { do: 'compose-catalogs' };
  return building ? decideBuilding(facts, active, building) : decideIdle(facts, active);
}

/** Nothing is being built. */
function decideIdle(facts: RolloutFacts, active: VersionFact): RolloutStep {
  const { rollout, wanted } = facts;
  const current = valuesOf(active);
  const differing = Object.keys(wanted).filter(name => !isSameImage(wanted[name], current[name]));
  if (differing.length === 0) {
    const isOurs = rollout.last?.versionId === active.id;
    return { do: 'settle', reason: isOurs ? 'template-updated' : 'already-in-template' };
  }
  const values = valuesToBuild(facts);
  const open = differing.filter(name => name in values);
  if (open.length === 0) return { do: 'settle', reason: 'held' };
  const taken = takenBack(facts, active, open);
  if (taken) return taken;
  const refused = preflight(active, open);
  if (refused) return refused;
  const { failed } = rollout;
  if (failed?.baseVersionId === active.id && isSame(failed.values, values)) {
    return { do: 'settle', reason: failed.reason as GivenUp, message: failed.message };
  }
  const until = batchUntil(rollout);
  if (until && facts.now < until) return { do: 'wait', reason: 'coder-building', until };
  return { do: 'create', building: beginBuilding(facts.now, values, active, 1) };
}

/**
 * People win: what they promote or set stays until another digest is pushed for that very variable. A copy of an old
 * value is no wish of theirs.
 */
function takenBack(
  facts: RolloutFacts,
  active: VersionFact,
  differing: readonly string[],
): RolloutStep | undefined {
  const { rollout, restores } = facts;
  const { last, named } = rollout;
  if (last?.versionId === active.id) return undefined;
  const current = valuesOf(active);
  const drift = (name: string) => driftOf(rollout, active, current[name]);
  const taken = differing.filter(
    name => isSameImage(named[name], wishedOf(facts, name)) && drift(name) !== 'behind',
  );
  const [first] = taken;
  if (first === undefined) return undefined;
  const isRolledBack = drift(first) === 'rolled-back';
  // What promotes the same version again does so from a state of its own, as Terraform does: two would take turns.
  const isRestored = last && isRolledBack && restores && rollout.takenBackTo !== active.id;
  if (!isRestored) {
    return { do: 'hold', values: Object.fromEntries(taken.map(name => [name, wishedOf(facts, name)])) };
  }
  // What is newly wished is built with all the others.
  return taken.length === differing.length ? { do: 'restore', versionId: last.versionId } : undefined;
}

/** A version begins so long after the one before, if something was pushed meanwhile: more may follow. */
const APART_MS = 5_000;
/** What was pushed before that one was begun shows that the bridge is behind with reading pushes. */
const BEHIND_APART_MS = 10_000;

/**
 * Pushes that came while a version was under way are built together. When they came counts, and not when they were
 * read, so that a slow machine makes no more versions of them.
 */
function batchUntil({ last, openSince }: Rollout): Date | undefined {
  if (!last || !openSince || openSince > last.promotedOn) return undefined;
  const apartMs = openSince < last.begunOn ? BEHIND_APART_MS : APART_MS;
  return new Date(last.begunOn.getTime() + apartMs);
}

/** Coder drops undeclared variables silently, so they are looked for before anything is built. */
function preflight({ variables = [] }: VersionFact, names: readonly string[]): RolloutStep | undefined {
  for (const name of names) {
    const refused = refuseVariable(name, variables);
    if (refused) return { do: 'settle', ...refused };
  }
  return undefined;
}
