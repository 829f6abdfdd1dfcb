/** The header of each 202, as the OpenAPI document describes it. */
export const RETRY_AFTER = { 'retry-after': 'Seconds until it is worth looking again.' };

const SHORTEST_S = 1;
const LONGEST_S = 60;

/**
 * When to look again at what is under way.
 * @param dueOn the next attempt; but within a minute, as an event may come first, and soon when there is none
 */
export function retryAfter({ dueOn }: { dueOn?: Date | undefined }, now: Date): { 'retry-after': string } {
  const seconds = Math.ceil(((dueOn?.getTime() ?? 0) - now.getTime()) / 1_000);
  return { 'retry-after': String(Math.min(LONGEST_S, Math.max(SHORTEST_S, seconds))) };
}
