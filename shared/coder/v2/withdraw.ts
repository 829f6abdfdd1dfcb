import type { TargetedImage, Withdrawn } from '../target.ts';
import type { RoundEnd } from './advance.ts';
import { type ApplyOptions, destinationsOf, nextLook } from './apply.ts';
import { type Place, placesOf } from './destinations.ts';
import type { Rollout } from './rollout.ts';
import { formatValue } from './value.ts';
import { choose, type Wish } from './wish.ts';

export interface WithdrawOptions extends ApplyOptions {
  /** Images of a repository that the registry has and the policy lets through, with their last pushes. */
  otherTags(
    registry: string,
    repository: string,
  ): AsyncIterable<{ tag: string; digest: string; pushedOn: Date }>;
}

/**
 * Makes each template name the next best tag where it names this one. Where there is none the template keeps it:
 * Coder has no way to name no image.
 */
export async function withdrawImage(
  options: WithdrawOptions,
  image: TargetedImage,
  signal: AbortSignal,
): Promise<Withdrawn> {
  const { rollouts, organization, now } = options;
  const places = placesOf(destinationsOf(image), image.repository, organization);
  const ends: { place: Place; isOurs: boolean; end: RoundEnd | undefined; rollout: Rollout }[] = [];
  for (const place of places) {
    const change = async (rollout: Rollout) => {
      if (!isNamedBy(rollout, place, image)) return rollout.building && place.destination;
      const next = await nextBest(options, image, place, rollout);
      if (next) rollout.wishes[place.variable] = next;
      return next && place.destination;
    };
    const { end, rollout } = await rollouts.round(place, change, signal);
    ends.push({ place, isOurs: isNamedBy(rollout, place, image), end, rollout });
  }
  const kept = ends.filter(({ isOurs }) => isOurs).map(({ place }) => place.template);
  if (kept.length > 0) {
    const note = `The template ${kept.join(', ')} keeps it, as there is no other tag to name.`;
    return { state: 'kept', reason: 'last-image', note };
  }
  const waiting = ends.find(({ end }) => end?.do === 'wait');
  if (waiting) {
    const message = `The template ${waiting.place.template} is given another tag.`;
    const lookAgainOn = nextLook(now(), waiting.rollout.building?.since);
    return { state: 'waiting', reason: 'coder-building', message, lookAgainOn };
  }
  const hasFallenBack = ends.some(({ rollout, place }) => rollout.wishes[place.variable]);
  return hasFallenBack ? { state: 'done', reason: 'template-fell-back' } : { state: 'done' };
}

function isNamedBy(
  { wishes }: Rollout,
  { variable }: Place,
  { registry, repository, tag }: TargetedImage,
): boolean {
  const wish = wishes[variable];
  return wish?.registry === registry.name && wish.repository === repository && wish.tag === tag;
}

async function nextBest(
  options: WithdrawOptions,
  image: TargetedImage,
  { variable, destination }: Place,
  { wishes }: Rollout,
): Promise<Wish | undefined> {
  const others = await wishesOf(options, image, wishes[variable] as Wish, destination.reference);
  return choose(image.words.defaultTag ?? 'newest', others);
}

async function wishesOf(
  { otherTags }: WithdrawOptions,
  { registry, repository, tag }: TargetedImage,
  like: Wish,
  reference: Parameters<typeof formatValue>[1],
): Promise<Wish[]> {
  const wishes: Wish[] = [];
  for await (const other of otherTags(registry.name, repository)) {
    if (other.tag === tag) continue;
    const value = formatValue({ name: `${registry.loginServer}/${repository}`, ...other }, reference);
    wishes.push({ ...like, ...other, value });
  }
  return wishes;
}
