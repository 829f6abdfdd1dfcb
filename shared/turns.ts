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
      await Promise.race([before, aborted(signal)]);
      return await work();
    } finally {
      finish();
      void tail.then(() => tails.get(key) === tail && tails.delete(key));
    }
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
