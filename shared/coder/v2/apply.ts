import { type ImageReason, REASONS } from '../../reasons.ts';
import type { Applied, WantedImage } from '../target.ts';
import type { RoundEnd } from './advance.ts';
import { type Place, placesOf } from './destinations.ts';
import type { Organizations } from './organizations.ts';
import { isHeld, type Rollout } from './rollout.ts';
import type { Rollouts } from './rollout-table.ts';
import { formatValue, isSameImage } from './value.ts';
import { replaces, type Wish } from './wish.ts';
import type { TemplateMemo } from './words.ts';

export interface ApplyOptions {
  rollouts: Rollouts;
  organizations: Organizations;
  now: () => Date;
}

/** From the first look at an import on, each is as much later as a quarter of the time that has passed. */
const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 15_000;

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

interface PlaceResult extends TemplateMemo {
  reason: ImageReason;
  digest?: string | undefined;
  lookAgainOn?: Date | undefined;
}

async function applyTo(
  { rollouts, now }: ApplyOptions,
  place: Place,
  image: WantedImage,
  signal: AbortSignal,
): Promise<PlaceResult> {
  const wish = wishOf(place, image);
  const { organization, template, variable, destination } = place;
  const { end, rollout } = await rollouts.round(
    place,
    current => {
      const chosen = current.wishes[variable];
      const isChosen = replaces(image.words.defaultTag ?? 'newest', wish, chosen);
      if (isChosen) {
        if (!isSameImage(chosen?.value, wish.value))
          current.openSince = oldest(current.openSince, wish.pushedOn);
        current.wishes[variable] = wish;
      }
      // Several tags of one digest are in the template together.
      else if (!isSameImage(chosen?.value, wish.value)) return undefined;
      if (image.isRetry) forgetRefusals(current, variable);
      return destination;
    },
    signal,
  );
  const common = { organization: organization.name, template, variable };
  if (!end) return { ...common, ...notChosen(rollout, variable) };
  return { ...common, ...resultOf(end, rollout, wish, variable, now()) };
}

function wishOf({ destination }: Place, image: WantedImage): Wish {
  const { registry, repository, tag, digests, pushedOn, pinned } = image;
  const [digest] = digests;
  const name = `${registry.loginServer}/${repository}`;
  const value = formatValue({ name, tag, digest }, destination.reference);
  const isManual = pinned || destination.promote === 'manual';
  return {
    ...{ registry: registry.name, repository, tag, digest, value, pushedOn },
    ...(isManual && { isManual }),
    ...(destination.canary && { canary: destination.canary }),
  };
}

/** A person asked to try again what was held, or failed. */
function forgetRefusals(rollout: Rollout, variable: string): void {
  delete rollout.held[variable];
  delete rollout.canaryFailed[variable];
  delete rollout.suspects[variable];
  delete rollout.failed;
  // Without it what is active in its place is no choice of a person.
  delete rollout.named[variable];
}

/** Another tag goes before this one. */
function notChosen({ wishes }: Rollout, variable: string): Pick<PlaceResult, 'reason' | 'message'> {
  const { repository, tag } = wishes[variable] ?? {};
  return { reason: 'not-chosen', message: `The variable ${variable} follows ${repository}:${tag}.` };
}

function resultOf(
  end: RoundEnd,
  rollout: Rollout,
  wish: Wish,
  variable: string,
  now: Date,
): Omit<PlaceResult, 'organization' | 'template' | 'variable'> {
  const { version } = end;
  const isThere = isSameImage(
    end.active?.variables?.find(({ name }) => name === variable)?.value,
    wish.value,
  );
  const failed = rollout.canaryFailed[variable];
  if (
    !isThere &&
    failed &&
    isSameImage(failed.value, wish.value) &&
    isHeld(rollout.held, variable, wish.value)
  )
    return { reason: 'canary-failed', message: failed.message, ...(version && { version }) };
  const message = end.do === 'settle' && !isThere ? end.message : warningOf(end, rollout, isThere);
  // How the round ended may be about another variable.
  const isOurs = end.do === 'settle' && rollout.last?.versionId === end.active?.id;
  const importMs = isThere && isOurs ? rollout.last?.importMs : undefined;
  const reasonThere = isOurs ? 'template-updated' : 'already-in-template';
  return {
    reason: isThere ? reasonThere : end.reason,
    ...(message && { message }),
    ...(version && { version }),
    ...(importMs !== undefined && { importMs }),
    ...(isThere && { digest: wish.digest }),
    lookAgainOn: end.do === 'wait' ? (end.until ?? nextLook(now, rollout.building?.since)) : undefined,
  };
}

/** What a person should know of the version that is active. */
function warningOf({ active }: RoundEnd, { last }: Rollout, isThere: boolean): string | undefined {
  return isThere && last?.versionId === active?.id ? last?.warning : undefined;
}

function oldest(one: Date | undefined, other: Date): Date {
  return one && one < other ? one : other;
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

/** Quick at first, since an import can take two seconds. */
export function nextLook(now: Date, since: Date | undefined): Date {
  const passedMs = since ? now.getTime() - since.getTime() : 0;
  return new Date(now.getTime() + Math.min(LONGEST_LOOK_MS, Math.max(FIRST_LOOK_MS, passedMs / 4)));
}
