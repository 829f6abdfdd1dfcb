import semver from 'semver';
import * as z from 'zod';
import type { DefaultTag } from '../default-tag.ts';
import { CanaryRule } from './words.ts';

/** What a variable of a template is to name. Kept as JSON. */
export const Wish = z.object({
  /** Name of the registry, ours. */
  registry: z.string(),
  repository: z.string(),
  tag: z.string(),
  digest: z.string(),
  /** What the variable is given. */
  value: z.string(),
  pushedOn: z.coerce.date(),
  /** A person promotes the version that carries it. */
  isManual: z.boolean().optional(),
  /** How a workspace is tried before the version is promoted. */
  canary: CanaryRule.optional(),
  /** The tag is not to be offered any more, and there was no other: the next push takes its place. */
  isWithdrawn: z.boolean().optional(),
});
export type Wish = z.infer<typeof Wish>;

type Choosable = Pick<Wish, 'registry' | 'repository' | 'tag' | 'pushedOn' | 'isWithdrawn'>;

/**
 * Whether a pushed tag takes the place of the one that a variable was to name. The same tag always does: the registry
 * was asked what it points to now.
 */
export function replaces(choice: DefaultTag, pushed: Choosable, current: Choosable | undefined): boolean {
  if (!current || current.isWithdrawn || isSameTag(pushed, current)) return true;
  if (choice === 'newest') return pushed.pushedOn >= current.pushedOn;
  return choice === 'highest-semver' && isHigher(pushed.tag, current.tag);
}

/** The one of these that a variable is to name; undefined when there is none. */
export function choose<T extends Choosable>(choice: DefaultTag, wishes: readonly T[]): T | undefined {
  const byTime = [...wishes].sort((a, b) => a.pushedOn.getTime() - b.pushedOn.getTime());
  return byTime.reduce<T | undefined>(
    (best, wish) => (replaces(choice, wish, best) ? wish : best),
    undefined,
  );
}

function isSameTag(one: Choosable, other: Choosable): boolean {
  return one.registry === other.registry && one.repository === other.repository && one.tag === other.tag;
}

function isHigher(tag: string, current: string): boolean {
  const version = semver.parse(tag);
  const other = semver.parse(current);
  return version !== null && (other === null || semver.gt(version, other));
}
