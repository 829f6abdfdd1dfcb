import { setTimeout as delay } from 'node:timers/promises';
import { TimeoutError } from 'ky';
import pLimit from 'p-limit';
import { boundedFetch } from './bounded-fetch.ts';
import { timeLimit } from './time-limit.ts';

export interface LimitedFetchOptions {
  /** How many calls the server may work on at once. */
  most: number;
  /** A call without a complete answer by then is aborted. */
  answerWithinMs: number;
  /** How long the server may take to notice the abort: a busy one first reads other requests. */
  cutUnseenMs?: number;
}

const CUT_UNSEEN_MS = 5_000;

/**
 * A `fetch` that waits until one of `most` places is free. The call keeps its place until the server has sent the whole
 * body, or must have noticed the abort. When the caller's signal aborts, the caller gets its error at once, but the call
 * goes on and keeps its place: a server may start the next call before it notices that an earlier one was aborted.
 * @throws TimeoutError (ky's) for a call that took too long; the wait for a place does not count
 */
export function createLimitedFetch(options: LimitedFetchOptions): typeof fetch {
  const { most, answerWithinMs, cutUnseenMs = CUT_UNSEEN_MS } = options;
  const atMost = pLimit(most);

  return (input, init) =>
    new Promise((resolve, reject) => {
      const request = new Request(input, init);
      const { signal } = request;
      // A signal that is aborted already fires no event.
      signal.throwIfAborted();
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      atMost(async () => {
        if (signal.aborted) return;
        const cut = timeLimit(answerWithinMs);
        try {
          resolve(await boundedFetch(request, { signal: cut }));
        } catch (error) {
          reject(cut.aborted ? new TimeoutError(request) : error);
          if (cut.aborted) await delay(cutUnseenMs, undefined, { ref: false });
        }
      });
    });
}
