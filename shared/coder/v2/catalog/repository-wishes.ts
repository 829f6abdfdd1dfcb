import { shorten } from '../../../lib/shorten.ts';
import { applyPolicy, ruleOf } from '../../../policy/policy.ts';
import type { TargetedImage } from '../../target.ts';
import type { ApplyOptions } from '../apply-options.ts';
import { type Place, placesOf } from '../destinations.ts';
import { rowKeyOf } from '../round.ts';
import { type NamedImage, wishOf } from '../wish-of.ts';
import type { CatalogWish } from './wish.ts';

/** Tags of a repository that a catalog offers when the rule does not say. */
const KEPT_TAGS = 10;
const LONGEST_DESCRIPTION = 256;

export function catalogWishOf(place: Place, image: NamedImage): CatalogWish {
  const { registry, words } = image;
  const description = words.defaults?.description;
  return {
    ...wishOf(place, image),
    ...(description && { description: shorten(description, LONGEST_DESCRIPTION) }),
    rank: Math.max(ruleOf(registry, image), 0),
    keepTags: place.destination.keepTags ?? KEPT_TAGS,
    choice: words.defaultTag ?? 'newest',
  };
}

/**
 * The other tags of a repository that the rules send to this catalog, by their records. One whose import is under way
 * comes by that.
 * @throws ServiceError
 */
export async function otherWishes(
  { otherTags, organizations }: ApplyOptions,
  place: Place,
  image: TargetedImage,
  signal: AbortSignal,
): Promise<CatalogWish[]> {
  const { registry, repository } = image;
  const wishes: CatalogWish[] = [];
  for await (const { isPending, ...other } of otherTags(registry.name, repository)) {
    const verdict = applyPolicy(registry, { repository, tag: other.tag });
    if (isPending || other.tag === image.tag || verdict.action !== 'import') continue;
    const words: TargetedImage['words'] = verdict.rule ?? {};
    const destinations = words.templates ?? registry.templates ?? [];
    const places = await placesOf(organizations, destinations, repository, signal);
    const same = places.find(
      ({ variable, ...name }) => variable === place.variable && rowKeyOf(name) === rowKeyOf(place),
    );
    const { pinned } = verdict;
    if (same?.destination.as === 'catalog')
      wishes.push(catalogWishOf(same, { registry, repository, ...other, words, pinned }));
  }
  return wishes;
}
