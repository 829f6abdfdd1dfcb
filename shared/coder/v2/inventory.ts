import { UnreadableRowError } from '../../errors.ts';
import { once } from '../../lib/once.ts';
import type { Inventory, RepositoryInTarget, SourceRegistry, TargetDifference } from '../target.ts';
import type { ApplyOptions } from './apply-options.ts';
import { entryOf, nameOf, tagOf } from './catalog/compose.ts';
import { parseCatalog, stampOf } from './catalog/value.ts';
import type { V2Client } from './client.ts';
import { destinationsFor, type Place, placesOf } from './destinations.ts';
import { type Drift, driftOf } from './drift.ts';
import { textOf, type VersionFact } from './facts.ts';
import { readFound } from './found-template.ts';
import { isHeld, isImage } from './held.ts';
import { isLeft, listCanaries } from './left-canaries.ts';
import { toFact } from './read-facts.ts';
import { canaryRuleOf, type Rollout } from './rollout.ts';
import type { CoderWorkspace } from './schema.ts';
import { isSameImage, parseValue } from './value.ts';
import { nameIn } from './wish-of.ts';

export interface InventoryOptions extends ApplyOptions {
  coder: V2Client;
}

/** One variable of a template as Coder has it, beside what the bridge remembers. */
interface Found {
  place: Place;
  /** undefined when what is remembered cannot be read. */
  rollout: Rollout | undefined;
  /** undefined when there is no such template. */
  active: VersionFact | undefined;
  hasLeftCanary: boolean;
}

/** Of every template: Coder is asked once for each inventory. */
type Canaries = (signal: AbortSignal) => Promise<readonly CoderWorkspace[]>;

/** Looks at the templates that a repository's images go to, when it is asked for the repository. */
export function takeInventory(options: InventoryOptions, registry: SourceRegistry): Inventory {
  const canaries = once((signal: AbortSignal) => listCanaries(options.coder, signal));
  return {
    missing: 'template-missing',
    hasPlace: words => (words.templates ?? registry.templates ?? []).length > 0,
    repositories: [],
    async find(repository, signal) {
      const places = await placesOf(
        options.organizations,
        destinationsFor(registry, repository),
        repository,
        signal,
      );
      if (places.length === 0) return undefined;
      const found = await Promise.all(places.map(place => look(options, canaries, place, signal)));
      return repositoryOf(nameIn({ registry, repository }), found);
    },
  };
}

async function look(
  { coder, rollouts, now }: InventoryOptions,
  canaries: Canaries,
  place: Place,
  signal: AbortSignal,
): Promise<Found> {
  const [rollout, found] = await Promise.all([
    rollouts.read(place).catch(ignoreUnreadable),
    readFound(coder, place, signal),
  ]);
  const active = found?.active && { ...toFact(found.active), variables: found.variables };
  const isTried = rollout && canaryRuleOf(rollout) !== undefined;
  const ours = isTried && found ? await canaries(signal) : [];
  const isOfThis = ({ template_id }: CoderWorkspace) => template_id === found?.template.id;
  const hasLeftCanary = ours.some(one => rollout && isOfThis(one) && isLeft(one, rollout, now()));
  return { place, rollout, active, hasLeftCanary };
}

function ignoreUnreadable(error: unknown): undefined {
  if (!(error instanceof UnreadableRowError)) throw error;
}

function repositoryOf(name: string, found: readonly Found[]): RepositoryInTarget {
  const tags = new Map<string, string>();
  for (const { place, rollout, active } of found) {
    const entries = place.destination.as === 'catalog' && parseCatalog(textOf(active, place.variable));
    for (const entry of entries || []) {
      const { digest } = parseValue(entry.image) ?? {};
      if (digest && nameOf(entry) === name) tags.set(tagOf(entry), digest);
    }
    const value = parseValue(textOf(active, place.variable) ?? '');
    // A rule may have the tag left out.
    const tag = value?.tag ?? rollout?.wishes[place.variable]?.tag;
    if (value?.name === name && tag && value.digest) tags.set(tag, value.digest);
  }
  return {
    tags,
    offers: tag => tags.has(tag),
    isByDigest: true,
    // The last one of a repository stays: Coder cannot name no image.
    keeps: ({ tag }) =>
      found.some(({ place: { variable }, rollout }) => {
        const wish = rollout?.wishes[variable];
        return wish?.isWithdrawn === true && wish.tag === tag;
      }),
    leftAt: tag =>
      found.some(each => each.hasLeftCanary && isWished(each, name, tag)) ? 'canary-left' : undefined,
    holds: ({ digest }) => found.some(each => holds(each, `${name}@${digest}`)),
    compare({ tag, digest }) {
      const kinds = found.map(each =>
        each.place.destination.as === 'catalog'
          ? compareEntry(each, name, tag)
          : compare(each, tag, `${name}@${digest}`),
      );
      return kinds.find(kind => kind !== undefined);
    },
  };
}

/** A catalog can be held as a whole. */
function holds({ place: { variable }, rollout }: Found, image: string): boolean {
  if (!rollout) return true;
  const { held } = rollout;
  return isHeld(held, variable, image) || (held[variable] ?? []).some(value => !isImage(value));
}

function isWished({ place, rollout }: Found, name: string, tag: string): boolean {
  const wish = rollout?.wishes[place.variable] ?? rollout?.catalogs[place.variable]?.[name]?.[0];
  return wish?.tag === tag && parseValue(wish.value)?.name === name;
}

function compare(
  { place, rollout, active }: Found,
  tag: string,
  image: string,
): TargetDifference | undefined {
  const { variable } = place;
  if (!rollout) return 'template-forgotten';
  const { wishes, building } = rollout;
  if (wishes[variable]?.tag !== tag) return undefined;
  if (!active) return 'template-missing';
  const value = textOf(active, variable);
  if (value === undefined) return 'variable-missing';
  if (isSameImage(value, image) || building) return undefined;
  return differenceOf(rollout, active, value);
}

function compareEntry(
  { place: { variable }, rollout, active }: Found,
  name: string,
  tag: string,
): TargetDifference | undefined {
  if (!rollout) return 'template-forgotten';
  const group = rollout.catalogs[variable]?.[name];
  // What was forgotten is wished for again.
  if (!group) return 'template-forgotten';
  const wish = group.find(other => other.tag === tag);
  if (!wish || isHeld(rollout.held, variable, wish.value)) return undefined;
  if (!active) return 'template-missing';
  const value = textOf(active, variable);
  if (value === undefined) return 'variable-missing';
  const entry = entryOf(parseCatalog(value) ?? [], name, tag);
  if (isSameImage(entry?.image, wish.value) || rollout.building) return undefined;
  return differenceOf(rollout, active, stampOf(value));
}

function differenceOf(rollout: Rollout, active: VersionFact, value: string): TargetDifference {
  const drift = driftOf(rollout, active, value);
  const isAgain = drift === 'rolled-back' && active.id === rollout.takenBackTo;
  return isAgain ? 'terraform-managed' : DIFFERENCE_OF[drift];
}

const DIFFERENCE_OF: Record<Drift, TargetDifference> = {
  'rolled-back': 'template-rolled-back',
  overridden: 'template-overridden',
  behind: 'template-behind',
};
