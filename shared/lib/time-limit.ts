import { setMaxListeners } from 'node:events';

/**
 * A signal that aborts after `ms`, or when `within` does. Its timer holds it: Node 20 collects what only
 * AbortSignal.any holds, and an AbortSignal.timeout that is in it then never fires (nodejs/node#57736).
 */
export function timeLimit(ms: number, within?: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  // Each call within the limit listens; Node warns of more than ten.
  setMaxListeners(0, signal, ...(within ? [within] : []));
  if (within?.aborted) return AbortSignal.abort(within.reason);
  setTimeout(() => controller.abort(new DOMException(`no answer in ${ms} ms`, 'TimeoutError')), ms).unref();
  within?.addEventListener('abort', () => controller.abort(within.reason), { signal });
  return signal;
}

/** The result of `work`, or the reason of `signal` if it aborts first, even if `work` ignores the signal. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const waited = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { signal: waited.signal });
  });
  return Promise.race([aborted, work]).finally(() => waited.abort());
}
