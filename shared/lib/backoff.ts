const FIRST_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 3_600_000;
/** The longest wait that a service may ask for. */
export const LONGEST_RETRY_AFTER_MS = 86_400_000;

/**
 * When to try again after `attempts` failures: after 5 s, doubled each time up to an hour, minus a random part of up to
 * half, so that attempts that failed together do not all come back together. Never before the time that the service
 * asked for, up to a day.
 *
 * @param random a number in [0, 1), as Math.random gives
 */
export function nextAttempt(
  attempts: number,
  now: Date,
  retryAfterMs: number | undefined,
  random: () => number,
): Date {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts - 1));
  const delay = Math.max(full * (1 - random() / 2), Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS));
  return new Date(now.getTime() + delay);
}
