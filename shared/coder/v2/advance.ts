import { ServiceError } from '../../errors.ts';
import { statusOf, type V2Client } from './client.ts';
import { decideRollout, type RolloutFacts, type RolloutStep, type VersionFact } from './decide.ts';
import { type Building, MOST_PAST, type Rollout } from './rollout.ts';
import type { CoderVersion } from './schema.ts';
import { isSameImage } from './value.ts';
import { VERSION_PREFIX } from './version-name.ts';

/** One template, as Coder's API names it. */
export interface TemplateName {
  /** Name or id of the organization. */
  organization: string;
  template: string;
}

/** What a round of work on a rollout is done with. */
export interface RoundOptions {
  coder: V2Client;
  now: () => Date;
  /** What each variable is to name. */
  wanted: Readonly<Record<string, string>>;
  isManual: boolean;
  restores: boolean;
  /** Versions of the bridge's own that stay. */
  keepVersions: number;
}

export type RoundEnd = Extract<RolloutStep, { do: 'wait' | 'settle' }> & {
  /** The version that is active, or that is being built. */
  version?: string | undefined;
  /** What the template's variables hold. */
  active?: VersionFact | undefined;
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
  const { coder, now, wanted, isManual, restores } = options;
  const { id: me } = await coder.me(signal);
  const facts: RolloutFacts = { rollout, wanted, isManual, restores, me, now: now() };
  const round: Round = { options, name, rollout, facts, signal, hasPromoted: false };
  for (;;) {
    const step = decideRollout(facts);
    if (step.do === 'wait') return { ...step, version: rollout.building?.name, active: facts.active };
    if (step.do === 'settle') {
      if (round.hasPromoted) await archiveOld(round);
      return { ...step, version: facts.active?.name, active: facts.active };
    }
    await take(round, step);
  }
}

interface Round {
  options: RoundOptions;
  name: TemplateName;
  rollout: Rollout;
  facts: RolloutFacts;
  signal: AbortSignal;
  hasPromoted: boolean;
}

type Taken = Exclude<RolloutStep, { do: 'wait' | 'settle' }>;

async function take(round: Round, step: Taken): Promise<void> {
  const { options, rollout, facts, signal } = round;
  const { coder } = options;
  switch (step.do) {
    case 'read-template':
      facts.template = await readTemplate(round);
      return;
    case 'read-active':
      facts.active = await readVersion(coder, templateOf(facts).activeVersionId, signal);
      return;
    case 'read-ours':
      facts.ours = await readOurs(round, step.building);
      return;
    case 'read-variables-of-ours':
      facts.ours = { ...oursOf(facts), variables: await coder.listVariables(oursOf(facts).id, signal) };
      return;
    case 'create':
      return create(round, step.building);
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
      rollout.held = { ...rollout.held, ...step.values };
      rollout.takenBackTo = templateOf(facts).activeVersionId;
      return;
    case 'restore':
      return restore(round, step.versionId);
    case 'give-up':
      return giveUp(round, step);
  }
}

async function restore(round: Round, versionId: string): Promise<void> {
  const { activeVersionId } = templateOf(round.facts);
  await promote(round, versionId);
  round.rollout.takenBackTo = activeVersionId;
}

async function readTemplate({ options, name, signal }: Round): Promise<RolloutFacts['template']> {
  const found = await options.coder.findTemplate(name.organization, name.template, signal);
  return found ? { id: found.id, activeVersionId: found.active_version_id } : null;
}

async function readVersion(coder: V2Client, id: string, signal: AbortSignal): Promise<VersionFact> {
  const [version, variables] = await Promise.all([
    coder.getVersion(id, signal),
    coder.listVariables(id, signal),
  ]);
  if (version) return { ...toFact(version), variables };
  throw new ServiceError('coder-unavailable', `Coder does not show the active version ${id}.`);
}

/** By its id or, where the answer of the call that made it may be lost, by its name. */
async function readOurs({ options, facts, signal }: Round, building: Building): Promise<VersionFact | null> {
  const { coder } = options;
  const found =
    building.versionId === undefined
      ? await coder.findVersion(templateOf(facts).id, building.name, signal)
      : await coder.getVersion(building.versionId, signal);
  if (!found) return null;
  const isGood = found.created_by.id === facts.me && found.job.status === 'succeeded';
  if (isGood && found.archived) await coder.unarchive(found.id, signal);
  return toFact(found);
}

function note({ rollout, facts }: Round, building: Building | undefined): void {
  const { ours } = facts;
  delete rollout.building;
  if (building) rollout.building = building;
  if (!ours || ours.id !== building?.versionId) delete facts.ours;
}

async function create(round: Round, building: Building): Promise<void> {
  const { rollout, facts, options, name, signal } = round;
  rollout.building = building;
  delete facts.ours;
  const base = await options.coder.getVersion(building.baseVersionId, signal);
  const given = Object.entries(building.values).map(([variable, value]) => ({ name: variable, value }));
  const version = {
    name: building.name,
    message: messageOf(rollout, building),
    template_id: templateOf(facts).id,
    file_id: building.fileId,
    tags: base?.job.tags ?? {},
    user_variable_values: given,
  };
  const organization = name.organization;
  try {
    const created = await options.coder
      .createVersion(organization, version, signal)
      .catch((error: unknown) => {
        if (!needsEveryValue(error)) throw error;
        // Coder reads workspace tags and presets with the values of the request alone.
        const every = { ...version, user_variable_values: withOthers(given, facts.active) };
        return options.coder.createVersion(organization, every, signal);
      });
    // Of a name that is there already the version is looked up.
    if (created) note(round, { ...building, versionId: created.id });
    if (created) facts.ours = toFact(created);
  } catch (error) {
    if (!isRejected(error)) throw error;
    delete rollout.building;
    noteFailure(round, building, 'template-invalid', (error as Error).message);
  }
}

function withOthers(given: readonly { name: string; value: string }[], active: VersionFact | undefined) {
  const names = new Set(given.map(({ name }) => name));
  const others = (active?.variables ?? []).filter(({ name, sensitive }) => !sensitive && !names.has(name));
  return [...given, ...others.map(({ name, value }) => ({ name, value }))];
}

function isRejected(error: unknown): boolean {
  return error instanceof ServiceError && error.reason === 'coder-rejected' && statusOf(error) === 400;
}

function needsEveryValue(error: unknown): boolean {
  return isRejected(error) && /workspace tags|presets/i.test((error as Error).message);
}

/** A line for each image, for people who look at the list of versions. */
function messageOf({ wishes }: Rollout, { values }: Building): string {
  const lines = Object.entries(values).map(([variable, value]) => {
    const wish = wishes[variable];
    // Another may be wished for since it was begun.
    const { repository, tag, digest } = (wish && isSameImage(wish.value, value) && wish) || {};
    return `${repository ? `${repository}:${tag}@${digest}` : value} by acr-bridge`;
  });
  return lines.slice(0, 10).join('\n');
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
  const { rollout, facts } = round;
  round.hasPromoted = true;
  const values = rollout.building?.values ?? {};
  rollout.last = { versionId: ours.id, createdOn: ours.createdOn, values };
  rollout.past = [...new Set([...Object.values(values), ...rollout.past])].slice(0, MOST_PAST);
  // Another digest of these was pushed.
  for (const name of Object.keys(values)) delete rollout.held[name];
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
  const said = [message, ...lines.slice(-QUOTED_LINES)].join(' ');
  note(round, undefined);
  noteFailure(round, building, reason, said);
}

function noteFailure(
  { rollout }: Round,
  { values, baseVersionId }: Building,
  reason: string,
  message: string,
): void {
  rollout.failed = { values, baseVersionId, reason, message: message.slice(0, 1_000) };
}

/** Older versions of the bridge's own; those that workspaces use stay. */
async function archiveOld({ options, facts, signal }: Round): Promise<void> {
  const { coder, keepVersions } = options;
  const { id, activeVersionId } = templateOf(facts);
  const isOld = ({ created_by, name, ...version }: CoderVersion) =>
    created_by.id === facts.me && name.startsWith(VERSION_PREFIX) && version.id !== activeVersionId;
  const old = (await coder.listVersions(id, signal))
    .filter(isOld)
    .sort((a, b) => b.created_at.getTime() - a.created_at.getTime())
    .slice(keepVersions - 1);
  for (const version of old.slice(-MOST_ARCHIVED)) await coder.archive(version.id, signal);
}

function templateOf({ template }: RolloutFacts): { id: string; activeVersionId: string } {
  return template as { id: string; activeVersionId: string };
}

function oursOf({ ours }: RolloutFacts): VersionFact {
  return ours as VersionFact;
}

function toFact(version: CoderVersion): VersionFact {
  const { id, name, created_at, created_by, job, archived, matched_provisioners } = version;
  return {
    ...{ id, name, createdOn: created_at, createdBy: created_by.id, fileId: job.file_id, status: job.status },
    ...(job.error && { error: job.error }),
    ...(matched_provisioners && {
      provisioners: matched_provisioners.available ?? matched_provisioners.count,
    }),
    archived: archived ?? false,
  };
}
