import type { MovableClock } from '../../clock.ts';
import { CoderError } from './errors.ts';

/** Counts requests by user and path, as Coder does, in windows of a minute. */
export interface RateLimit {
  /**
   * @returns the headers that tell how many are left
   * @throws CoderError 429
   */
  take(user: string, path: string, limit: number): Record<string, string>;
}

const WINDOW_MS = 60_000;

export function createRateLimit(clock: MovableClock): RateLimit {
  const windows = new Map<string, { endMs: number; count: number }>();
  return {
    take(user, path, limit) {
      const nowMs = clock.now().getTime();
      const key = `${user} ${path}`;
      const known = windows.get(key);
      const window = known && known.endMs > nowMs ? known : { endMs: nowMs + WINDOW_MS, count: 0 };
      windows.set(key, window);
      window.count += 1;
      const headers = {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(Math.max(0, limit - window.count)),
        'x-ratelimit-reset': String(Math.ceil(window.endMs / 1000)),
      };
      if (window.count <= limit) return headers;
      throw new CoderError(429, `You've been rate limited for sending more than ${limit} requests in 1m0s.`, {
        headers: { ...headers, 'retry-after': String(WINDOW_MS / 1000) },
      });
    },
  };
}
