import { setTimeout as delay } from 'node:timers/promises';
import { TimeoutError } from 'ky';
import pLimit from 'p-limit';

export interface LimitedFetchOptions {
  /** How many calls the server may work on at once. */
  most: number;
  /** A call that has no whole answer by then is cut. */
  answerWithinMs: number;
  /** How long the server may take to notice that: a busy one first reads what else has come in. */
  cutUnseenMs?: number;
}

const CUT_UNSEEN_MS = 5_000;

/**
 * A `fetch` that waits until one of `most` places is free, and keeps it until the server has sent the whole body, or
 * must have noticed that the call was cut. When the caller's signal aborts, the caller gets its error at once, but the
 * call runs on and keeps its place: a server may begin the next call before it notices that an earlier one was given up.
 * @throws TimeoutError (ky's) for a call that was cut; the wait for a place does not count
 */
export function createLimitedFetch(options: LimitedFetchOptions): typeof fetch {
  const { most, answerWithinMs, cutUnseenMs = CUT_UNSEEN_MS } = options;
  const atMost = pLimit(most);

  return (input, init) =>
    new Promise((resolve, reject) => {
      const request = new Request(input, init);
      const { signal } = request;
      // An aborted signal fires no event any more.
      signal.throwIfAborted();
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      atMost(async () => {
        if (signal.aborted) return;
        const cut = AbortSignal.timeout(answerWithinMs);
        try {
          resolve(await whole(await fetch(request, { signal: cut })));
        } catch (error) {
          reject(cut.aborted ? new TimeoutError(request) : error);
          if (cut.aborted) await delay(cutUnseenMs, undefined, { ref: false });
        }
      });
    });
}

/** The same answer once all of it has come. */
async function whole(response: Response): Promise<Response> {
  const body = await response.arrayBuffer();
  // Some statuses, such as 204, may not have a body, not even an empty one.
  return new Response(body.byteLength > 0 ? body : null, response);
}
