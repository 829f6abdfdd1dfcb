import semver from 'semver';
import type { DefaultTag } from '../default-tag.ts';

/**
 * Whether a tag becomes its image's default, given the present default; `if-newer`: only if it was pushed later than
 * that one.
 */
export function becomesDefault(
  policy: DefaultTag,
  tag: string,
  current: string | undefined,
): boolean | 'if-newer' {
  if (policy === 'never' || current === tag) return false;
  if (current === undefined) return true;
  if (policy === 'newest') return 'if-newer';
  return policy === 'highest-semver' && isHigher(tag, current);
}

function isHigher(tag: string, current: string): boolean {
  const version = semver.parse(tag);
  const other = semver.parse(current);
  return version !== null && (other === null || semver.gt(version, other));
}
