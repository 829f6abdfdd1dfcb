import { type CatalogEntry, parseCatalog, stampOf } from './catalog/value.ts';
import { decideCanary, endCanary } from './decide-canary.ts';
import {
  isSame,
  type RolloutFacts,
  type RolloutStep,
  textOf,
  type VersionFact,
  valuesOf,
  wishedOf,
} from './facts.ts';
import { isHeld } from './held.ts';
import { refuseVariable } from './refuse-variable.ts';
import { type Building, changedBy } from './rollout.ts';
import { isSameImage } from './value.ts';
import { versionName } from './version-name.ts';

/** Coder's reaper ends imports that have waited for 30 minutes. */
const LONGEST_WAIT_MS = 25 * 60_000;
/** A name that others took, or an import that broke off, is given up after this many attempts. */
const MOST_ATTEMPTS = 20;
/** How Coder's reaper words its verdict, which says nothing about the template. */
const REAPED = /terminated by the reaper/;

/** What a version is given: what is wished for, without what a person took back. */
export function valuesToBuild(facts: RolloutFacts): Record<string, string> {
  const { rollout, wanted, active } = facts;
  const { held, suspects } = rollout;
  const current = active ? valuesOf(active) : {};
  const open = Object.entries(wanted).filter(
    ([name, value]) => !isHeld(held, name, value) && !isHeld(held, name, wishedOf(facts, name)),
  );
  // Of those that failed together, one is tried at a time.
  const [, ...later] = open.filter(
    ([name, value]) =>
      name in suspects && isSameImage(suspects[name], value) && !isSameImage(current[name], value),
  );
  return Object.fromEntries(open.filter(entry => !later.includes(entry)));
}

/** The version that is built next, on the active one. */
export function beginBuilding(
  now: Date,
  values: Record<string, string>,
  base: VersionFact,
  attempt: number,
): Building {
  const name = versionName(values, base.id, attempt);
  const had = Object.entries(valuesOf(base)).filter(([variable]) => variable in values);
  const before = Object.fromEntries(had);
  return { name, attempt, values, before, baseVersionId: base.id, fileId: base.fileId, since: now };
}

/** What comes next once a version has its name. What is not built any more loses its canary first. */
export function decideBuilding(facts: RolloutFacts, active: VersionFact, building: Building): RolloutStep {
  const step = decideVersion(facts, active, building);
  const isLast = ['note-building', 'discard', 'drop', 'give-up', 'note-promoted'].includes(step.do);
  return (isLast && endCanary(facts, building)) || step;
}

/** Its import is awaited, its variables are verified, and it is tried. */
function decideVersion(facts: RolloutFacts, active: VersionFact, building: Building): RolloutStep {
  const { ours, me } = facts;
  if (ours === undefined) return { do: 'read-ours', building };
  if (ours === null) {
    // The call that makes it never arrived; on another base it gets another name.
    const isCurrent =
      building.baseVersionId === active.id && building.versionId === undefined && canBeGiven(facts, building);
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

/** A catalog whose text is another one by now is composed anew. */
function canBeGiven({ catalogs = {} }: RolloutFacts, { values }: Building): boolean {
  return Object.entries(catalogs).every(
    ([name, { text }]) => !(name in values) || stampOf(text) === values[name],
  );
}

function decideImport(
  facts: RolloutFacts,
  active: VersionFact,
  building: Building,
  ours: VersionFact,
): RolloutStep {
  if (ours.status === 'succeeded') return decideBuilt(facts, active, building, ours);
  const isUnclaimed = isOverdue(facts, building);
  const message = isUnclaimed
    ? 'No provisioner took the import within 25 minutes.'
    : (ours.error ?? `The import was ${ours.status}.`);
  const isFinal = isUnclaimed || (ours.status === 'failed' && !REAPED.test(message));
  return isFinal || building.attempt > 1
    ? { do: 'give-up', reason: 'template-build-failed', message }
    : anotherAttempt(facts, active, building, message);
}

/** Whether Coder has not ended the import of the version. */
export function isImporting({ status }: VersionFact): boolean {
  return status !== 'succeeded' && status !== 'failed' && status !== 'canceled';
}

export function awaitImport(
  facts: RolloutFacts,
  building: Building,
  { provisioners }: VersionFact,
): RolloutStep {
  if (provisioners !== 0) return { do: 'wait', reason: 'coder-building' };
  return isOverdue(facts, building) ? { do: 'cancel' } : { do: 'wait', reason: 'no-provisioner' };
}

function isOverdue({ now }: RolloutFacts, { since }: Building): boolean {
  return now.getTime() - since.getTime() > LONGEST_WAIT_MS;
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
  if (active.id !== building.baseVersionId || isOutdated(facts, building, ours)) return { do: 'discard' };
  const isCurrent = !facts.isManual || isSame(building.values, valuesToBuild(facts));
  const hasFailed = building.canary?.verdict?.isReady === false;
  // What the bridge itself archives before it was cut off is not looked at here.
  if (ours.archived && isCurrent && !hasFailed) return { do: 'drop', values: changedBy(building) };
  const canary = decideCanary(facts, building, ours);
  if (canary) return canary;
  if (!facts.isManual || building.isApproved) return { do: 'promote' };
  return isCurrent ? { do: 'settle', reason: 'version-ready' } : { do: 'discard' };
}

/**
 * Whether a catalog would lack what is in use by now, or offer what is not wished any more. What was only pushed since
 * then waits for the next version, so that one pushed after the other does not keep all of them away.
 */
function isOutdated({ catalogs = {} }: RolloutFacts, { values }: Building, ours: VersionFact): boolean {
  return Object.keys(values).some(name => {
    const now = catalogs[name]?.entries;
    const built = parseCatalog(textOf(ours, name));
    if (!now || !built) return false;
    const has = (entries: readonly CatalogEntry[], id: string) => entries.some(entry => entry.id === id);
    return (
      built.some(({ id, kept }) => !kept && !has(now, id)) ||
      now.some(({ id, kept }) => kept && !has(built, id))
    );
  });
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
