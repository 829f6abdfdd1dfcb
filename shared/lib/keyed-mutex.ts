/** Lets work that names the same key run one after the other in this process. */
export type InTurn = <T>(key: string, signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/**
 * @returns a function that runs `work` when all that came before it under the same key is done, or rejects with the
 * signal's reason if it aborts before that
 */
export function createTurns(): InTurn {
  const tails = new Map<string, Promise<void>>();
  return async (key, signal, work) => {
    const before = tails.get(key) ?? Promise.resolve();
    let finish = () => {};
    const finished = new Promise<void>(resolve => {
      finish = resolve;
    });
    const tail = before.then(() => finished);
    tails.set(key, tail);
    try {
      await beforeAborted(before, signal);
      return await work();
    } finally {
      finish();
      void tail.then(() => tails.get(key) === tail && tails.delete(key));
    }
  };
}

/** Waits for `turn`, or rejects with the signal's reason; listens no longer than it waits. */
async function beforeAborted(turn: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const waited = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { signal: waited.signal });
  });
  await Promise.race([turn, aborted]).finally(() => waited.abort());
}
