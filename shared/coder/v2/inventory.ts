import { UnreadableRowError } from '../../errors.ts';
import { compileGlob } from '../../policy/glob.ts';
import type { Inventory, RepositoryInTarget, SourceRegistry, TargetDifference } from '../target.ts';
import type { ApplyOptions } from './apply.ts';
import type { V2Client } from './client.ts';
import { declaredDestinations, type Place, placesOf } from './destinations.ts';
import type { Rollout } from './rollout.ts';
import type { CoderVariable } from './schema.ts';
import { isSameImage, parseValue } from './value.ts';

export interface InventoryOptions extends ApplyOptions {
  coder: V2Client;
}

/** One variable of a template as Coder has it, beside what the bridge remembers. */
interface Found {
  place: Place;
  /** undefined when what is remembered cannot be read. */
  rollout: Rollout | undefined;
  /** undefined when there is no such template. */
  active: { id: string; createdOn: Date; variables: readonly CoderVariable[] } | undefined;
}

/** Looks at the templates that a repository's images go to, when it is asked for the repository. */
export function takeInventory(options: InventoryOptions, registry: SourceRegistry): Inventory {
  const destinations = declaredDestinations(registry);
  return {
    missing: 'template-missing',
    repositories: [],
    async find(repository, signal) {
      const ours = destinations.filter(found => compileGlob(found.repository).matches(repository));
      const places = placesOf(
        ours.map(({ destination }) => destination),
        repository,
        options.organization,
      );
      if (places.length === 0) return undefined;
      const found = await Promise.all(places.map(place => look(options, place, signal)));
      return repositoryOf(`${registry.loginServer}/${repository}`, found);
    },
  };
}

async function look(
  { coder, rollouts }: InventoryOptions,
  place: Place,
  signal: AbortSignal,
): Promise<Found> {
  const [rollout, template] = await Promise.all([
    rollouts.read(place).catch(ignoreUnreadable),
    coder.findTemplate(place.organization, place.template, signal),
  ]);
  if (!template) return { place, rollout, active: undefined };
  const [version, variables] = await Promise.all([
    coder.getVersion(template.active_version_id, signal),
    coder.listVariables(template.active_version_id, signal),
  ]);
  return { place, rollout, active: version && { id: version.id, createdOn: version.created_at, variables } };
}

function ignoreUnreadable(error: unknown): undefined {
  if (!(error instanceof UnreadableRowError)) throw error;
}

function repositoryOf(name: string, found: readonly Found[]): RepositoryInTarget {
  const tags = new Map<string, string>();
  for (const { place, active } of found) {
    const value = parseValue(namedBy(active, place.variable) ?? '');
    if (value?.name === name && value.tag && value.digest) tags.set(value.tag, value.digest);
  }
  return {
    tags,
    offers: tag => tags.has(tag),
    // One that is still wished for after it was to be withdrawn is the last: Coder cannot name no image.
    keeps: ({ tag }) => found.some(({ place, rollout }) => rollout?.wishes[place.variable]?.tag === tag),
    // Which tag a variable follows was decided when it was pushed.
    findDrift: () => undefined,
    compare({ tag, digest }) {
      const kinds = found.map(each => compare(each, tag, `${name}@${digest}`));
      return kinds.find(kind => kind !== undefined);
    },
  };
}

function compare(
  { place, rollout, active }: Found,
  tag: string,
  image: string,
): TargetDifference | undefined {
  const { variable } = place;
  if (!rollout) return 'template-forgotten';
  const { last, past, wishes, building, takenBackTo } = rollout;
  if (wishes[variable]?.tag !== tag) return undefined;
  if (!active) return 'template-missing';
  const value = namedBy(active, variable);
  if (value === undefined) return 'variable-missing';
  if (isSameImage(value, image) || building) return undefined;
  if (last && active.createdOn < last.createdOn) {
    return active.id === takenBackTo ? 'terraform-managed' : 'template-rolled-back';
  }
  return past.some(old => isSameImage(old, value)) ? 'template-behind' : 'template-overridden';
}

function namedBy(active: Found['active'], variable: string): string | undefined {
  return active?.variables.find(({ name }) => name === variable)?.value;
}
