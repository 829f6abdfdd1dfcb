import type { Building, Rollout } from './rollout.ts';
import { isSameImage } from './value.ts';
import { versionName } from './version-name.ts';
import { isInSeries } from './wish.ts';

/** A variable of a version, as Coder shows it. */
export interface VariableFact {
  name: string;
  type: string;
  value: string;
  sensitive: boolean;
}

/** A version of the template, as Coder shows it. */
export interface VersionFact {
  id: string;
  name: string;
  createdOn: Date;
  createdBy: string;
  fileId: string;
  status: 'pending' | 'running' | 'succeeded' | 'canceling' | 'canceled' | 'failed' | 'unknown';
  /** Why its import failed, as Coder says. */
  error?: string | undefined;
  /** Provisioners with the tags of its import that Coder has seen lately; absent unless it waits for one. */
  provisioners?: number | undefined;
  archived: boolean;
  /** Absent until they were read; Coder shows them once the import has ended. */
  variables?: readonly VariableFact[] | undefined;
}

/** What is known when the next step of a rollout is decided. What was not read yet is undefined. */
export interface RolloutFacts {
  rollout: Rollout;
  /** What each variable is to name; a variable that nothing is wished for is not here. */
  wanted: Readonly<Record<string, string>>;
  /** A person promotes what the bridge has built. */
  isManual: boolean;
  /** Re-promotes what a person rolled back. */
  restores: boolean;
  /** null when Coder has no such template. */
  template?: { id: string; activeVersionId: string } | null | undefined;
  /** With its variables. */
  active?: VersionFact | undefined;
  /** The version that is being built; null when Coder has none of that name or id. */
  ours?: VersionFact | null | undefined;
  /** Id of the user whose token the bridge has. */
  me: string;
  now: Date;
}

export type RolloutStep =
  | { do: 'read-template' }
  | { do: 'read-active' }
  | { do: 'read-ours'; building: Building }
  | { do: 'read-variables-of-ours' }
  | { do: 'create'; building: Building }
  /** The version is known now, or another name is tried since this one is taken. */
  | { do: 'note-building'; building: Building | undefined }
  | { do: 'cancel' }
  /** Ours was built on what is not active any more, or with what is not wished any more: archive it and begin again. */
  | { do: 'discard' }
  | { do: 'promote' }
  /** Ours is the active version. */
  | { do: 'note-promoted' }
  /** A person took back what the bridge had promoted. */
  | { do: 'hold'; values: Readonly<Record<string, string>> }
  | { do: 'restore'; versionId: string }
  | { do: 'wait'; reason: 'coder-building' | 'no-provisioner' }
  /** Ours is of no use: it is archived, and not built again on this base. */
  | { do: 'give-up'; reason: GivenUp; message: string }
  | { do: 'settle'; reason: Settled; message?: string };

export type GivenUp =
  | 'template-build-failed'
  | 'variable-missing'
  | 'variable-sensitive'
  | 'template-invalid';
export type Settled =
  | 'template-updated'
  | 'already-in-template'
  | 'version-ready'
  | 'template-missing'
  | 'held'
  | GivenUp;

/** Coder's reaper ends imports that have waited for 30 minutes. */
const LONGEST_WAIT_MS = 25 * 60_000;
/** A name that others took, or an import that broke off, is given up after this many attempts. */
const MOST_ATTEMPTS = 20;
/** How Coder's reaper words its verdict, which says nothing about the template. */
const REAPED = /terminated by the reaper/;

/** The one step that comes next. What was cut off is decided anew, from what Coder says. */
export function decideRollout(facts: RolloutFacts): RolloutStep {
  const { template, active, rollout } = facts;
  if (template === undefined) return { do: 'read-template' };
  if (template === null) return { do: 'settle', reason: 'template-missing' };
  if (active?.id !== template.activeVersionId) return { do: 'read-active' };
  return rollout.building ? decideBuilding(facts, active, rollout.building) : decideIdle(facts, active);
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
  // Many pushes at once are one version.
  if (isInSeries(rollout.series, facts.now)) return { do: 'wait', reason: 'coder-building' };
  return { do: 'create', building: beginBuilding(facts.now, values, active, 1) };
}

/** What a version is given: what is wished for, without what a person took back. */
function valuesToBuild({ rollout: { held }, wanted }: RolloutFacts): Record<string, string> {
  const open = Object.entries(wanted).filter(([name, value]) => !isSameImage(held[name], value));
  return Object.fromEntries(open);
}

function beginBuilding(
  now: Date,
  values: Record<string, string>,
  base: VersionFact,
  attempt: number,
): Building {
  const name = versionName(values, base.id, attempt);
  return { name, attempt, values, baseVersionId: base.id, fileId: base.fileId, since: now };
}

/**
 * People win: what they promote or set stays until another digest is pushed for that very variable. A copy of an old
 * value is no wish of theirs.
 */
function takenBack(
  { rollout, wanted, restores }: RolloutFacts,
  active: VersionFact,
  differing: readonly string[],
): RolloutStep | undefined {
  const { last, past } = rollout;
  if (!last || last.versionId === active.id) return undefined;
  const isRolledBack = active.createdOn < last.createdOn;
  const current = valuesOf(active);
  const isCopied = (name: string) => !isRolledBack && past.some(value => isSameImage(value, current[name]));
  const taken = differing.filter(name => isSameImage(last.values[name], wanted[name]) && !isCopied(name));
  if (taken.length === 0) return undefined;
  // What promotes the same version again does so from a state of its own, as Terraform does: two would take turns.
  const isRestored = isRolledBack && restores && rollout.takenBackTo !== active.id;
  if (!isRestored) {
    return { do: 'hold', values: Object.fromEntries(taken.map(name => [name, wanted[name] as string])) };
  }
  // What is newly wished is built with all the others.
  return taken.length === differing.length ? { do: 'restore', versionId: last.versionId } : undefined;
}

/** Coder drops undeclared variables silently, so they are looked for before anything is built. */
function preflight({ variables = [] }: VersionFact, names: readonly string[]): RolloutStep | undefined {
  for (const name of names) {
    const refused = refuseVariable(name, variables);
    if (refused) return { do: 'settle', ...refused };
  }
  return undefined;
}

/** Why an image cannot be given to a variable; undefined when it can. */
export function refuseVariable(
  name: string,
  variables: readonly VariableFact[],
): { reason: 'variable-missing' | 'variable-sensitive'; message: string } | undefined {
  const declared = variables.find(variable => variable.name === name);
  if (!declared) {
    const others = variables.map(variable => variable.name).join(', ') || 'none';
    const message = `The template declares no variable ${name}; it declares ${others}.`;
    return { reason: 'variable-missing', message };
  }
  if (declared.sensitive) {
    const message = `The variable ${name} is sensitive, so Coder does not show what it holds.`;
    return { reason: 'variable-sensitive', message };
  }
  if (declared.type === '' || declared.type === 'string') return undefined;
  const message = `The variable ${name} is of type ${declared.type}, and must be a string.`;
  return { reason: 'variable-missing', message };
}

function decideBuilding(facts: RolloutFacts, active: VersionFact, building: Building): RolloutStep {
  const { ours, me } = facts;
  if (ours === undefined) return { do: 'read-ours', building };
  if (ours === null) {
    // The call that makes it never arrived; on another base it gets another name.
    const isCurrent = building.baseVersionId === active.id && building.versionId === undefined;
    return isCurrent ? { do: 'create', building } : { do: 'note-building', building: undefined };
  }
  if (building.versionId === undefined) {
    const isOurs = ours.createdBy === me && ours.fileId === building.fileId;
    // What was given up before is built again under another name, as after a replay.
    if (isOurs && ours.archived && ours.status !== 'succeeded')
      return anotherAttempt(facts, active, building, ours.error ?? `The import was ${ours.status}.`);
    if (isOurs) return { do: 'note-building', building: { ...building, versionId: ours.id } };
    return anotherAttempt(
      facts,
      active,
      building,
      `The name ${building.name} is taken by a version of another user.`,
    );
  }
  if (active.id === ours.id) return { do: 'note-promoted' };
  return decideImport(facts, active, building, ours);
}

function decideImport(
  facts: RolloutFacts,
  active: VersionFact,
  building: Building,
  ours: VersionFact,
): RolloutStep {
  switch (ours.status) {
    case 'pending':
    case 'running':
    case 'canceling':
    case 'unknown':
      if (ours.provisioners !== 0) return { do: 'wait', reason: 'coder-building' };
      return facts.now.getTime() - building.since.getTime() > LONGEST_WAIT_MS
        ? { do: 'cancel' }
        : { do: 'wait', reason: 'no-provisioner' };
    case 'failed':
    case 'canceled': {
      const isUnclaimed = facts.now.getTime() - building.since.getTime() > LONGEST_WAIT_MS;
      const message = isUnclaimed
        ? 'No provisioner took the import within 25 minutes.'
        : (ours.error ?? `The import was ${ours.status}.`);
      const isFinal = isUnclaimed || (ours.status === 'failed' && !REAPED.test(message));
      return isFinal || building.attempt > 1
        ? { do: 'give-up', reason: 'template-build-failed', message }
        : anotherAttempt(facts, active, building, message);
    }
    case 'succeeded':
      return decideBuilt(facts, active, building, ours);
  }
}

function decideBuilt(
  facts: RolloutFacts,
  active: VersionFact,
  building: Building,
  ours: VersionFact,
): RolloutStep {
  if (!ours.variables) return { do: 'read-variables-of-ours' };
  for (const [name, value] of Object.entries(building.values)) {
    const refused = refuseVariable(name, ours.variables);
    if (refused) return { do: 'give-up', ...refused };
    const shown = valuesOf(ours)[name];
    if (shown === value) continue;
    const message = `Coder gave the variable ${name} the value ${shown} in place of ${value}.`;
    return { do: 'give-up', reason: 'variable-missing', message };
  }
  if (active.id !== building.baseVersionId) return { do: 'discard' };
  if (!facts.isManual || building.isApproved) return { do: 'promote' };
  return isSame(building.values, valuesToBuild(facts))
    ? { do: 'settle', reason: 'version-ready' }
    : { do: 'discard' };
}

/** Builds the same again under another name, a few times. */
function anotherAttempt(
  facts: RolloutFacts,
  active: VersionFact,
  building: Building,
  message: string,
): RolloutStep {
  if (building.attempt >= MOST_ATTEMPTS) return { do: 'give-up', reason: 'template-build-failed', message };
  const next = beginBuilding(facts.now, building.values, active, building.attempt + 1);
  return { do: 'note-building', building: next };
}

/** Values by the name of the variable. */
export function valuesOf({ variables = [] }: Pick<VersionFact, 'variables'>): Record<string, string> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

function isSame(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every(name => isSameImage(one[name], other[name]));
}
