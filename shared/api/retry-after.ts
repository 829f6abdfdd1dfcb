import type { ImageRecord } from '../records/image.ts';

export const RETRY_AFTER = { 'retry-after': 'Seconds until it is worth to look again.' };

const SHORTEST_S = 1;
const LONGEST_S = 60;

/** When to look at a pending image again: after its next attempt, and within a minute, as an event may come first. */
export function retryAfter({ dueOn }: Pick<ImageRecord, 'dueOn'>, now: Date): { 'retry-after': string } {
  const seconds = Math.ceil(((dueOn?.getTime() ?? 0) - now.getTime()) / 1_000);
  return { 'retry-after': String(Math.min(LONGEST_S, Math.max(SHORTEST_S, seconds))) };
}
