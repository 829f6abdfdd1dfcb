import { ServiceError } from '../../errors.ts';
import { parseCatalog } from './catalog/value.ts';
import { type RolloutFacts, textOf, type VersionFact } from './facts.ts';
import { toFact } from './read-facts.ts';
import type { Building, Rollout } from './rollout.ts';
import { note, noteFailure, type Round, templateOf } from './round.ts';
import { statusOf } from './status-of.ts';
import { isSameImage } from './value.ts';

/** Makes the version that is to be built, from the source and the tags of the active one. @throws ServiceError */
export async function createVersion(round: Round, building: Building): Promise<void> {
  const { rollout, facts, options, name, signal } = round;
  rollout.building = building;
  delete rollout.openSince;
  delete facts.ours;
  const given = Object.entries(building.values).map(([variable, value]) => ({
    name: variable,
    value: facts.catalogs?.[variable]?.text ?? value,
  }));
  const version = {
    name: building.name,
    message: messageOf(rollout, facts, building),
    template_id: templateOf(facts).id,
    file_id: building.fileId,
    // It is built on the active version.
    tags: facts.active?.tags ?? {},
    user_variable_values: given,
  };
  const organization = name.organization.id;
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

/** A line for each image that is new, for people who look at the list of versions. */
function messageOf({ wishes }: Rollout, facts: RolloutFacts, { values }: Building): string {
  const lines = Object.entries(values).flatMap(([variable, value]) => {
    const added = facts.catalogs?.[variable] && newImages(facts, variable);
    if (added) return added.length > 0 ? added : [value];
    const wish = wishes[variable];
    // Another may be wished for since it was begun.
    const { repository, tag, digest } = (wish && isSameImage(wish.value, value) && wish) || {};
    return [repository ? `${repository}:${tag}@${digest}` : value];
  });
  return lines
    .slice(0, 10)
    .map(line => `${line} by acr-bridge`)
    .join('\n');
}

function newImages({ catalogs, active }: RolloutFacts, variable: string): string[] {
  const before = parseCatalog(textOf(active, variable)) ?? [];
  const entries = catalogs?.[variable]?.entries ?? [];
  return entries
    .filter(entry => !before.some(({ id, image }) => id === entry.id && image === entry.image))
    .map(({ image }) => image);
}
