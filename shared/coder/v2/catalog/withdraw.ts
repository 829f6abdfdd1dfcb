import { REASONS } from '../../../reasons.ts';
import type { TargetedImage, Withdrawn } from '../../target.ts';
import type { ApplyOptions } from '../apply-options.ts';
import type { Place } from '../destinations.ts';
import { textOf } from '../facts.ts';
import { forgetUnwished } from '../held.ts';
import { nextLook } from '../place-result.ts';
import type { Rollout } from '../rollout.ts';
import { nameIn } from '../wish-of.ts';
import { entryOf, hasRoom } from './compose.ts';
import { otherWishes } from './repository-wishes.ts';
import { parseCatalog } from './value.ts';
import { trimmed } from './wish.ts';

/** How long until it is asked again whether an entry is in use. */
const IN_USE_LOOK_MS = 30 * 60_000;

/** Makes a catalog offer a tag no longer, unless it is in use. The next tags of the repository take its place. */
export async function withdrawFromCatalog(
  options: ApplyOptions,
  place: Place,
  image: TargetedImage,
  signal: AbortSignal,
): Promise<Withdrawn> {
  const { variable, template } = place;
  const { end, rollout } = await options.rollouts.round(
    place,
    async current => {
      await removeWish(options, current, place, image, signal);
      return place.destination;
    },
    signal,
  );
  const entry = entryOf(parseCatalog(textOf(end?.active, variable)) ?? [], nameIn(image), image.tag);
  const nextLookOn = end && nextLook(end, rollout, options.now());
  if (nextLookOn) {
    const message = `The template ${template} is given a catalog without it.`;
    return { state: 'waiting', reason: 'coder-building', message, lookAgainOn: nextLookOn };
  }
  const why = entry && end?.catalogs?.[variable]?.uses[entry.id];
  if (why) {
    const message = `The catalog of the template ${template} keeps it: ${why}`;
    const lookAgainOn = new Date(options.now().getTime() + IN_USE_LOOK_MS);
    return { state: 'waiting', reason: 'tag-in-use', message, lookAgainOn };
  }
  if (!entry || end?.do !== 'settle') return { state: 'done' };
  const note = `The catalog of the template ${template} still has it: ${end.message ?? REASONS[end.reason].meaning}`;
  return { state: 'kept', note };
}

async function removeWish(
  options: ApplyOptions,
  rollout: Rollout,
  place: Place,
  image: TargetedImage,
  signal: AbortSignal,
): Promise<void> {
  const { variable } = place;
  const name = nameIn(image);
  const catalog = rollout.catalogs[variable] ?? {};
  rollout.catalogs[variable] = catalog;
  const group = (catalog[name] ?? []).filter(({ tag }) => tag !== image.tag);
  const others = await otherWishes(options, place, image, signal);
  const missing = others.filter(({ tag }) => !group.some(other => other.tag === tag));
  catalog[name] = group;
  for (const wish of trimmed([...group, ...missing])) {
    const more = trimmed([...(catalog[name] ?? []).filter(({ tag }) => tag !== wish.tag), wish]);
    if (hasRoom({ ...catalog, [name]: more })) catalog[name] = more;
  }
  forgetUnwished(rollout, variable);
}
