const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The status that a delivery was answered with, or why there was none. */
export type Outcome = number | 'timeout' | 'no-answer';

export type GiveUpReason = 'not-retriable' | 'max-attempts' | 'expired';

export type Verdict =
  | { action: 'accept' }
  | { action: 'retry'; afterMs: number }
  | { action: 'give-up'; reason: GiveUpReason };

/** How long an answer may take before the event is queued again. */
export const ANSWER_WAIT_MS = 30 * SECOND;

const DELIVERED = [200, 201, 202, 203, 204];
/** For webhooks; https://learn.microsoft.com/azure/event-grid/delivery-and-retry has all of these numbers. */
const NOT_RETRIED = [400, 401, 403, 413];
const SCHEDULE_MS = [
  10 * SECOND,
  30 * SECOND,
  MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
];
const THEN_EVERY_MS = 12 * HOUR;
const SHORTEST_MS: Partial<Record<Outcome, number>> = { 408: 2 * MINUTE, 503: 30 * SECOND };

/** What becomes of an event whose attempt number `attempts`, counted from 1, came out like this. */
export function judge(outcome: Outcome, attempts: number, maxAttempts: number): Verdict {
  if (DELIVERED.some(status => status === outcome)) return { action: 'accept' };
  if (NOT_RETRIED.some(status => status === outcome)) return { action: 'give-up', reason: 'not-retriable' };
  if (attempts >= maxAttempts) return { action: 'give-up', reason: 'max-attempts' };
  const scheduledMs = SCHEDULE_MS[attempts - 1] ?? THEN_EVERY_MS;
  return { action: 'retry', afterMs: Math.max(scheduledMs, SHORTEST_MS[outcome] ?? 0) };
}
