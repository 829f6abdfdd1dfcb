import type { WantedImage } from '../../target.ts';
import type { RoundEnd } from '../advance.ts';
import type { ApplyOptions } from '../apply-options.ts';
import type { Place } from '../destinations.ts';
import { textOf } from '../facts.ts';
import { forgetFailures, forgetUnwished, isHeld, isImage } from '../held.ts';
import { type PlaceResult, resultOf } from '../place-result.ts';
import { noteOpen, type Rollout } from '../rollout.ts';
import { isSameImage } from '../value.ts';
import { nameIn } from '../wish-of.ts';
import { entryOf, hasRoom } from './compose.ts';
import { catalogWishOf, otherWishes } from './repository-wishes.ts';
import { parseCatalog } from './value.ts';
import { type Catalog, type CatalogWish, trimmed, withWish } from './wish.ts';

type Refused = Pick<PlaceResult, 'reason' | 'message'>;

const TOO_LARGE: Refused = { reason: 'catalog-too-large' };

/** Takes a template one round further whose catalog is to offer the image. @throws ServiceError */
export async function applyToCatalog(
  options: ApplyOptions,
  place: Place,
  image: WantedImage,
  signal: AbortSignal,
): Promise<PlaceResult> {
  const { organization, template, variable, destination } = place;
  const wish = catalogWishOf(place, { ...image, digest: image.digests[0] });
  const common = { organization: organization.name, template, variable };
  let refused: Refused | undefined;
  const { end, rollout } = await options.rollouts.round(
    place,
    async current => {
      const known = current.catalogs[variable]?.[nameIn(image)];
      const others = known ?? trimmed(await otherWishes(options, place, image, signal));
      refused = addWish(current, variable, nameIn(image), { wish, others, isSeeded: !known });
      if (image.isRetry) forgetFailures(current, variable, wish.value);
      if (image.liftsHold) liftHold(current, variable, wish);
      return refused ? undefined : destination;
    },
    signal,
  );
  if (!end) return { ...common, ...(refused as Refused) };
  return { ...common, ...offered(end, rollout, place, nameIn(image), wish, options.now()) };
}

interface Added {
  wish: CatalogWish;
  others: readonly CatalogWish[];
  /** The catalog has nothing of the repository yet. */
  isSeeded: boolean;
}

/** @returns why the catalog is not to offer it */
function addWish(
  rollout: Rollout,
  variable: string,
  name: string,
  { wish, others, isSeeded }: Added,
): Refused | undefined {
  const catalog = rollout.catalogs[variable] ?? {};
  rollout.catalogs[variable] = catalog;
  delete rollout.wishes[variable];
  const group = withWish(others, wish);
  if (!group.some(({ tag }) => tag === wish.tag)) {
    catalog[name] = group;
    const message = `The catalog offers the ${wish.keepTags} tags of ${wish.repository} that its rule prefers.`;
    return { reason: 'not-chosen', message };
  }
  const isNew = !others.some(({ tag, digest }) => tag === wish.tag && digest === wish.digest);
  const fitting = withRoom(catalog, name, group);
  if (fitting.length < group.length && !isSeeded) return TOO_LARGE;
  catalog[name] = fitting;
  forgetUnwished(rollout, variable);
  if (isNew || isSeeded) noteOpen(rollout, wish.pushedOn);
  return fitting.some(({ tag }) => tag === wish.tag) ? undefined : TOO_LARGE;
}

/** As many as there is room for. */
function withRoom(catalog: Catalog, name: string, group: readonly CatalogWish[]): CatalogWish[] {
  const fitting = [...group];
  while (fitting.length > 0 && !hasRoom({ ...catalog, [name]: fitting })) fitting.pop();
  return fitting;
}

function liftHold(rollout: Rollout, variable: string, { value }: CatalogWish): void {
  const held = rollout.held[variable]?.filter(other => isImage(other) && !isSameImage(other, value));
  delete rollout.held[variable];
  if (held?.length) rollout.held[variable] = held;
  // Without it what is active in its place is no choice of a person.
  delete rollout.named[variable];
}

function offered(
  end: RoundEnd,
  rollout: Rollout,
  { variable }: Place,
  name: string,
  { tag, value, digest }: CatalogWish,
  now: Date,
): ReturnType<typeof resultOf> {
  const entry = entryOf(parseCatalog(textOf(end.active, variable)) ?? [], name, tag);
  const isThere = isSameImage(entry?.image, value);
  const result = resultOf(end, rollout, { variable, value, digest, isThere, image: value }, now);
  if (isThere || end.do === 'wait' || result.reason === 'canary-failed') return result;
  if (isHeld(rollout.held, variable, value)) return { ...result, reason: 'held', version: undefined };
  const next = end.catalogs?.[variable]?.entries;
  return next && !entryOf(next, name, tag) ? { ...result, ...TOO_LARGE } : result;
}
