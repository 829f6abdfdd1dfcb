import { REASONS } from '../../reasons.ts';
import type { TargetedImage, Withdrawn } from '../target.ts';
import type { RoundEnd } from './advance.ts';
import type { ApplyOptions } from './apply-options.ts';
import { withdrawFromCatalog } from './catalog/withdraw.ts';
import { destinationsFor, type Place, placesOf } from './destinations.ts';
import { textOf } from './facts.ts';
import { nextLook } from './place-result.ts';
import type { Rollout } from './rollout.ts';
import { formatValue, isSameImage, parseValue } from './value.ts';
import { choose, type Wish } from './wish.ts';
import { nameIn } from './wish-of.ts';

/**
 * Makes each template name the next best tag where it names this one. Where there is none the template keeps it:
 * Coder has no way to name no image.
 */
export async function withdrawImage(
  options: ApplyOptions,
  image: TargetedImage,
  signal: AbortSignal,
): Promise<Withdrawn> {
  // The rule that leaves an image out need not say where others of its repository go.
  const destinations = destinationsFor(image.registry, image.repository);
  const places = await placesOf(options.organizations, destinations, image.repository, signal);
  const ends: PlaceEnd[] = [];
  const fromCatalogs: Withdrawn[] = [];
  for (const place of places) {
    if (place.destination.as === 'catalog')
      fromCatalogs.push(await withdrawFromCatalog(options, place, image, signal));
    else ends.push(await withdrawFrom(options, place, image, signal));
  }
  const [worst] = [endOf(options, image, ends), ...fromCatalogs].sort(
    (a, b) => RANK[a.state] - RANK[b.state],
  );
  return worst as Withdrawn;
}

const RANK: Record<Withdrawn['state'], number> = { waiting: 0, kept: 1, done: 2 };

/** What became of it in the variables that name one image. */
function endOf(options: ApplyOptions, image: TargetedImage, ends: readonly PlaceEnd[]): Withdrawn {
  const lasting = ends.filter(({ rollout, place }) => isNamedBy(rollout, place, image));
  if (lasting.length > 0) {
    const names = lasting.map(({ place }) => place.template).join(', ');
    const note = `The template ${names} keeps it, as there is no other tag to name.`;
    return { state: 'kept', reason: 'last-image', note };
  }
  for (const { end, rollout, place } of ends) {
    const lookAgainOn = end && nextLook(end, rollout, options.now());
    if (!lookAgainOn) continue;
    const message = `The template ${place.template} is given another tag.`;
    return { state: 'waiting', reason: 'coder-building', message, lookAgainOn };
  }
  const stuck = ends.filter(end => stillNames(end, image));
  if (stuck.length > 0) return { state: 'kept', note: stuck.map(whyStuck).join(' ') };
  return { state: 'done', ...(ends.some(hasFallenBack) && { reason: 'template-fell-back' as const }) };
}

interface PlaceEnd {
  place: Place;
  /** undefined when there was nothing to do. */
  end: RoundEnd | undefined;
  rollout: Rollout;
}

async function withdrawFrom(
  options: ApplyOptions,
  place: Place,
  image: TargetedImage,
  signal: AbortSignal,
): Promise<PlaceEnd> {
  const change = async ({ wishes }: Rollout) => {
    if (isNamedBy({ wishes }, place, image)) {
      const current = wishes[place.variable] as Wish;
      const next = await nextBest(options, image, place, current);
      wishes[place.variable] = next ?? { ...current, isWithdrawn: true };
      if (!next) return undefined;
    }
    return wishes[place.variable] && place.destination;
  };
  return { place, ...(await options.rollouts.round(place, change, signal)) };
}

function activeValue({ end, place }: PlaceEnd): string | undefined {
  return textOf(end?.active, place.variable);
}

function hasFallenBack(at: PlaceEnd): boolean {
  const value = activeValue(at);
  return value !== undefined && isSameImage(value, at.rollout.wishes[at.place.variable]?.value);
}

/** Another tag is wished for, and Coder could not be given it. */
function stillNames(at: PlaceEnd, image: TargetedImage): boolean {
  const active = parseValue(activeValue(at) ?? '');
  const isThis = active?.name === nameIn(image) && (active.tag ?? image.tag) === image.tag;
  return isThis && !hasFallenBack(at);
}

function whyStuck({ place, end }: PlaceEnd): string {
  const why = end?.do === 'settle' ? (end.message ?? REASONS[end.reason].meaning) : '';
  return `The template ${place.template} still names it: ${why}`;
}

function isNamedBy(
  { wishes }: Pick<Rollout, 'wishes'>,
  { variable }: Place,
  { registry, repository, tag }: TargetedImage,
): boolean {
  const wish = wishes[variable];
  return wish?.registry === registry.name && wish.repository === repository && wish.tag === tag;
}

async function nextBest(
  options: ApplyOptions,
  image: TargetedImage,
  { destination }: Place,
  current: Wish,
): Promise<Wish | undefined> {
  const others = await wishesOf(options, image, current, destination.reference);
  return choose(image.words.defaultTag ?? 'newest', others);
}

async function wishesOf(
  { otherTags }: ApplyOptions,
  image: TargetedImage,
  like: Wish,
  reference: Parameters<typeof formatValue>[1],
): Promise<Wish[]> {
  const wishes: Wish[] = [];
  for await (const { isPending: _, ...other } of otherTags(image.registry.name, image.repository)) {
    if (other.tag === image.tag) continue;
    const value = formatValue({ name: nameIn(image), ...other }, reference);
    const { isWithdrawn: _w, ...alike } = like;
    wishes.push({ ...alike, ...other, value });
  }
  return wishes;
}
