import pLimit, { type LimitFunction } from 'p-limit';

/** Lets only so much work of the same key run at once. */
export type AtMost = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function createKeyedLimit(most: number): AtMost {
  const limits = new Map<string, LimitFunction>();
  return (key, work) => {
    const limit = limits.get(key) ?? pLimit(most);
    limits.set(key, limit);
    return limit(work);
  };
}
