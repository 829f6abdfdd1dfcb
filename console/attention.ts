import type { Image, Summary } from './types.ts';

/** Images of one registry with the same state and reason. */
export interface Group {
  registry: string;
  state: string;
  reason: string;
  count: number;
  /** One of them, which says what the reason means; absent when they were only counted. */
  example?: Image;
}

/** These end without a person. */
const PASSING = new Set(['importing', 'replayed', 'coder-building', 'canary-running']);

export const keyOf = ({ registry, state, reason }: Group) => `${registry} ${state} ${reason}`;

export function groupsOf(images: readonly Image[]): Group[] {
  const groups = new Map<string, Group>();
  for (const example of images) {
    const { registry, state, reason } = example;
    const one = { registry, state, reason, count: 1, example };
    const known = groups.get(keyOf(one));
    if (known) known.count += 1;
    else groups.set(keyOf(one), one);
  }
  return [...groups.values()].sort(worstFirst);
}

/** As the bridge counted them, up to a minute ago. */
export function groupsIn({ registries }: Summary): Group[] {
  return registries
    .flatMap(({ name, images }) => images.byReason.map(one => ({ registry: name, ...one })))
    .filter(({ state }) => state === 'failed' || state === 'pending')
    .sort(worstFirst);
}

function worstFirst(one: Group, other: Group): number {
  const rank = ({ state, reason }: Group) => (PASSING.has(reason) ? 2 : state === 'failed' ? 0 : 1);
  return rank(one) - rank(other) || other.count - one.count;
}
