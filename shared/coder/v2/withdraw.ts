import type { TargetedImage, Withdrawn } from '../target.ts';
import { type ApplyOptions, destinationsOf } from './apply.ts';
import { placesOf } from './destinations.ts';
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
  const { rollouts, organization } = options;
  const { registry, repository, tag, words } = image;
  const kept: string[] = [];
  const fallen: string[] = [];
  for (const place of placesOf(destinationsOf(image), repository, organization)) {
    const change = async ({ wishes }: { wishes: Record<string, Wish> }) => {
      const current = wishes[place.variable];
      if (current?.registry !== registry.name || current.repository !== repository || current.tag !== tag)
        return undefined;
      const next = choose(
        words.defaultTag ?? 'newest',
        await wishesOf(options, image, current, place.destination.reference),
      );
      if (!next) {
        kept.push(place.template);
        return undefined;
      }
      fallen.push(place.template);
      wishes[place.variable] = next;
      return place.destination;
    };
    await rollouts.round(place, change, signal);
  }
  if (kept.length > 0) {
    const note = `The template ${kept.join(', ')} keeps it, as there is no other tag to name.`;
    return { state: 'kept', reason: 'last-image', note };
  }
  return fallen.length > 0 ? { state: 'done', reason: 'template-fell-back' } : { state: 'done' };
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
