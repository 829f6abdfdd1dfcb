import * as z from 'zod';
import { DefaultTag } from '../../default-tag.ts';
import { choose, Wish } from '../wish.ts';

/** An image that a catalog is to offer. Kept as JSON. */
export const CatalogWish = Wish.omit({ isWithdrawn: true }).extend({
  description: z.string().optional(),
  /** Place of the rule. */
  rank: z.int(),
  keepTags: z.int(),
  choice: DefaultTag,
});
export type CatalogWish = z.infer<typeof CatalogWish>;

/** What one catalog is to offer, by `host/repository`; a repository that is not here is none of the bridge's. */
export const Catalog = z.record(z.string(), z.array(CatalogWish));
export type Catalog = z.infer<typeof Catalog>;

/**
 * The tags of one repository with another one among them, or with its new digest. All tags of its rule get what that
 * says now.
 */
export function withWish(group: readonly CatalogWish[], wish: CatalogWish): CatalogWish[] {
  const { rank, keepTags, choice, isManual, canary, description } = wish;
  const said = { rank, keepTags, choice, isManual, canary, description };
  const others = group.filter(({ tag }) => tag !== wish.tag);
  const same = group.find(({ tag, digest }) => tag === wish.tag && digest === wish.digest);
  // A push of the same digest moves nothing.
  const own = { ...wish, pushedOn: same?.pushedOn ?? wish.pushedOn };
  return trimmed([...others.map(other => (other.rank === rank ? { ...other, ...said } : other)), own]);
}

/** The tag that its rule prefers, then the newest; no more than its rule keeps. */
export function trimmed(group: readonly CatalogWish[]): CatalogWish[] {
  const newest = [...group].sort(
    (a, b) => b.pushedOn.getTime() - a.pushedOn.getTime() || (a.tag < b.tag ? -1 : 1),
  );
  const [latest] = newest;
  if (!latest) return [];
  const first = choose(latest.choice, newest.toReversed()) ?? latest;
  return [first, ...newest.filter(wish => wish !== first)].slice(0, latest.keepTags);
}

/** All wishes, in the order in which they are offered: by the order of rules, then by repository. */
export function inOrder(catalog: Catalog): { name: string; wish: CatalogWish }[] {
  const rankOf = (group: readonly CatalogWish[]) => Math.min(...group.map(({ rank }) => rank));
  return Object.entries(catalog)
    .sort(([a, one], [b, other]) => rankOf(one) - rankOf(other) || (a < b ? -1 : 1))
    .flatMap(([name, group]) => trimmed(group).map(wish => ({ name, wish })));
}
