import { REASONS } from '../../reasons.ts';
import type { Applied, WantedImage } from '../target.ts';
import type { ApplyOptions } from './apply-options.ts';
import { applyToCatalog } from './catalog/apply.ts';
import { type Place, placesOf } from './destinations.ts';
import { textOf } from './facts.ts';
import { forgetFailures, isHeld } from './held.ts';
import { type PlaceResult, resultOf } from './place-result.ts';
import { noteOpen, type Rollout } from './rollout.ts';
import { isSameImage } from './value.ts';
import { replaces } from './wish.ts';
import { wishOf } from './wish-of.ts';

/** Takes every template that the image goes to one round further. @throws ServiceError */
export async function applyImage(
  options: ApplyOptions,
  image: WantedImage,
  signal: AbortSignal,
): Promise<Applied> {
  const destinations = image.words.templates ?? image.registry.templates ?? [];
  const places = await placesOf(options.organizations, destinations, image.repository, signal);
  if (places.length === 0) return { state: 'done', reason: 'no-template' };
  const results: PlaceResult[] = [];
  for (const place of places) results.push(await applyTo(options, place, image, signal));
  return summarize(results);
}

async function applyTo(
  options: ApplyOptions,
  place: Place,
  image: WantedImage,
  signal: AbortSignal,
): Promise<PlaceResult> {
  if (place.destination.as === 'catalog') return applyToCatalog(options, place, image, signal);
  const { rollouts, now } = options;
  const wish = wishOf(place, { ...image, digest: image.digests[0] });
  const { organization, template, variable, destination } = place;
  let isOther = false;
  const { end, rollout } = await rollouts.round(
    place,
    current => {
      const chosen = current.wishes[variable];
      isOther = false;
      const isChosen = replaces(image.words.defaultTag ?? 'newest', wish, chosen);
      if (isChosen) {
        if (!isSameImage(chosen?.value, wish.value)) noteOpen(current, wish.pushedOn);
        current.wishes[variable] = wish;
        delete current.catalogs[variable];
      }
      // Several tags of one digest are in the template together.
      else if (!isSameImage(chosen?.value, wish.value)) {
        isOther = true;
        // While that one is held, an older tag may be active.
        return isHeld(current.held, variable, chosen?.value) ? destination : undefined;
      }
      if (image.isRetry) forgetFailures(current, variable);
      if (image.liftsHold) liftHold(current, variable);
      return destination;
    },
    signal,
  );
  const common = { organization: organization.name, template, variable };
  const active = textOf(end?.active, variable);
  const asked = {
    variable,
    value: wish.value,
    digest: wish.digest,
    isThere: isSameImage(active, wish.value),
  };
  if (!end || (isOther && !asked.isThere)) return { ...common, ...notChosen(rollout, variable) };
  return { ...common, ...resultOf(end, rollout, asked, now()) };
}

function liftHold(rollout: Rollout, variable: string): void {
  delete rollout.held[variable];
  // Without it what is active in its place is no choice of a person.
  delete rollout.named[variable];
}

/** Another tag goes before this one. */
function notChosen({ wishes }: Rollout, variable: string): Pick<PlaceResult, 'reason' | 'message'> {
  const { repository, tag } = wishes[variable] ?? {};
  return { reason: 'not-chosen', message: `The variable ${variable} follows ${repository}:${tag}.` };
}

const RANK = { failed: 0, pending: 1, imported: 2, skipped: 3, removed: 4 } as const;

/** The record shows the worst of them, and each in `coder.templates`. */
function summarize(results: readonly PlaceResult[]): Applied {
  const [worst] = [...results].sort((a, b) => RANK[stateOf(a)] - RANK[stateOf(b)]);
  const { reason, message, digest, lookAgainOn } = worst as PlaceResult;
  const templates = results.map(({ digest: _d, lookAgainOn: _l, ...shown }) => shown);
  const memo = { coder: { templates } };
  const state = REASONS[reason].state;
  if (state === 'pending') {
    const said = message ?? REASONS[reason].meaning;
    return { state: 'waiting', reason, message: said, memo, lookAgainOn } as Applied;
  }
  return { state: 'done', reason, memo, ...(message && { message }), ...(digest && { digest }) } as Applied;
}

function stateOf({ reason }: PlaceResult): keyof typeof RANK {
  return REASONS[reason].state;
}
