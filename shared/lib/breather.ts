import { setImmediate } from 'node:timers/promises';

/** Several such works may run at once, each with its share of the loop's next turn. */
const SLICE_MS = 5;

/**
 * @returns a function that is awaited between the parts of long work: once the work has kept the event loop for some
 * milliseconds, it lets everything else have its turn
 */
export function createBreather(): () => Promise<void> {
  // The work begins in a turn of its own: what came before may have kept this one for long.
  let since = 0;
  return async () => {
    if (performance.now() - since < SLICE_MS) return;
    await setImmediate();
    since = performance.now();
  };
}
