import type { ImageReason } from '../../reasons.ts';
import type { RoundEnd } from './advance.ts';
import { canaryKey, isHeld } from './held.ts';
import type { Rollout } from './rollout.ts';
import { isSameImage } from './value.ts';
import type { TemplateMemo } from './words.ts';

/** From the first look at an import on, each is as much later as a quarter of the time that has passed. */
const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 15_000;

/** What became of an image in one template. */
export interface PlaceResult extends TemplateMemo {
  reason: ImageReason;
  digest?: string | undefined;
  lookAgainOn?: Date | undefined;
}

/** What a variable was to name, and whether the active version does. */
export interface AskedImage {
  variable: string;
  value: string;
  digest: string;
  isThere: boolean;
  /** Of a catalog: the image, which can be held alone. */
  image?: string;
}

/** What became of it after a round. */
export function resultOf(
  end: RoundEnd,
  rollout: Rollout,
  { variable, value, digest, isThere, image }: AskedImage,
  now: Date,
): Omit<PlaceResult, 'organization' | 'template' | 'variable'> {
  const version = isThere ? end.active?.name : rollout.building?.name;
  const failed = rollout.canaryFailed[canaryKey(variable, image)];
  if (!isThere && failed && isSameImage(failed.value, value) && isHeld(rollout.held, variable, value))
    return { reason: 'canary-failed', message: failed.message };
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
    ...(isThere && { digest }),
    lookAgainOn: nextLook(end, rollout, now),
  };
}

/** What a person should know of the version that is active. */
function warningOf({ active }: RoundEnd, { last }: Rollout, isThere: boolean): string | undefined {
  return isThere && last?.versionId === active?.id ? last?.warning : undefined;
}

/** When the round is gone on with; undefined when it has ended. Quick at first, since an import can take two seconds. */
export function nextLook(end: RoundEnd, { building }: Rollout, now: Date): Date | undefined {
  if (end.do !== 'wait') return undefined;
  if (end.until) return end.until;
  const since = building?.since;
  const passedMs = since ? now.getTime() - since.getTime() : 0;
  return new Date(now.getTime() + Math.min(LONGEST_LOOK_MS, Math.max(FIRST_LOOK_MS, passedMs / 4)));
}
