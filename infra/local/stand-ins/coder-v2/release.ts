/** A release of Coder, for what differs between them. */
export interface CoderVersion {
  /** Such as `2.35.1`. */
  number: string;
  /** As `GET /buildinfo` tells it. */
  full: string;
  /** Whether this is at least the given release of Coder 2. */
  isAtLeast(minor: number, patch?: number): boolean;
}

/** Older release lines that got the fixed token lifetime as well: coder/coder#26376. */
const FIXED_LIFETIME_SINCE = new Map([
  [34, 5],
  [33, 11],
  [32, 10],
  [29, 19],
]);

/** @throws for what is no version of Coder 2 */
export function coderVersion(number: string): CoderVersion {
  const [, minor, patch] = /^2\.(\d+)\.(\d+)$/.exec(number) ?? [];
  if (minor === undefined) throw new Error(`${number} is no version of Coder 2, such as 2.35.1.`);
  const [own, ownPatch] = [Number(minor), Number(patch)];
  return {
    number,
    full: `v${number}+8b44bd6`,
    isAtLeast: (other, otherPatch = 0) => own > other || (own === other && ownPatch >= otherPatch),
  };
}

/** Whether a token ends on the day that was fixed when it was made, or is prolonged by each use. */
export function hasFixedLifetimes(version: CoderVersion): boolean {
  if (version.isAtLeast(35)) return true;
  return [...FIXED_LIFETIME_SINCE].some(
    ([minor, patch]) => version.isAtLeast(minor, patch) && !version.isAtLeast(minor + 1),
  );
}
