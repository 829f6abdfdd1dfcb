import { parseCatalog } from './catalog/value.ts';
import type { Rollout } from './rollout.ts';
import { isSameImage, parseValue } from './value.ts';

/** Keeps away what a person took back. */
export function hold({ held }: Rollout, values: Readonly<Record<string, string>>): void {
  for (const [variable, value] of Object.entries(values)) {
    if (!isHeld(held, variable, value)) held[variable] = [...(held[variable] ?? []), value];
  }
}

/**
 * Holds the images of a catalog that are not offered any more since a person promoted another version.
 * @param now what that version holds
 * @param before what was there; all that is wished when absent
 */
export function holdTakenBack(
  rollout: Rollout,
  variable: string,
  now: string | undefined,
  before?: string,
): void {
  const wishes = Object.values(rollout.catalogs[variable] ?? {}).flat();
  const isIn = (text: string | undefined, value: string) =>
    (parseCatalog(text) ?? []).some(({ image }) => isSameImage(image, value));
  for (const { value } of wishes) {
    if (!isIn(now, value) && (before === undefined || isIn(before, value)))
      hold(rollout, { [variable]: value });
  }
}

export function isHeld(held: Rollout['held'], variable: string, value: string | undefined): boolean {
  return (held[variable] ?? []).some(other => isSameImage(other, value));
}

/** Lets a variable have everything again; of a catalog, what it is to offer as a whole, and not each image. */
export function letGo({ held, catalogs }: Rollout, variable: string): void {
  const images = variable in catalogs ? (held[variable] ?? []).filter(isImage) : [];
  if (images.length > 0) held[variable] = images;
  else delete held[variable];
}

/** Not what stands for a catalog as a whole. */
export function isImage(held: string): boolean {
  return parseValue(held) !== undefined;
}

/** Under which it is noted that a canary failed. */
export function canaryKey(variable: string, image?: string): string {
  return image === undefined ? variable : `${variable} ${image}`;
}

/**
 * A person asked to try again what failed, of one image or of many. What a person took back stays away.
 * @param image of a catalog
 */
export function forgetFailures(rollout: Rollout, variable: string, image?: string): void {
  const { held, canaryFailed } = rollout;
  for (const key of [variable, canaryKey(variable, image)]) {
    const failed = canaryFailed[key];
    delete canaryFailed[key];
    const kept = (held[variable] ?? []).filter(value => !isSameImage(value, failed?.value));
    if (kept.length > 0) held[variable] = kept;
    else delete held[variable];
  }
  delete rollout.suspects[variable];
  delete rollout.failed;
}

/** Forgets that images of a catalog were held, or failed, which nothing wishes for any more. */
export function forgetUnwished({ held, canaryFailed, catalogs }: Rollout, variable: string): void {
  const wishes = Object.values(catalogs[variable] ?? {}).flat();
  const isWished = (value: string) => wishes.some(wish => wish.value === value);
  const kept = held[variable]?.filter(value => !isImage(value) || isWished(value));
  if (kept) held[variable] = kept;
  if (kept?.length === 0) delete held[variable];
  for (const [key, { value }] of Object.entries(canaryFailed))
    if (key === canaryKey(variable, value) && !isWished(value)) delete canaryFailed[key];
}
