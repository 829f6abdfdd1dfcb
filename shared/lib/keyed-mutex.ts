import pLimit, { type LimitFunction } from 'p-limit';

/** Runs work with the same key one after the other, in the order of the calls, within this process. */
export interface KeyedMutex {
  /** Rejects with the signal's reason when the signal aborts before the work starts; the work then never runs. */
  runExclusive<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createKeyedMutex(): KeyedMutex {
  const queues = new Map<string, LimitFunction>();
  return {
    runExclusive: (key, signal, work) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const leave = () => reject(signal.reason);
        signal.addEventListener('abort', leave, { once: true });
        const queue = queues.get(key) ?? pLimit(1);
        queues.set(key, queue);
        queue(async () => {
          signal.removeEventListener('abort', leave);
          try {
            if (!signal.aborted) resolve(await work());
          } catch (error) {
            reject(error);
          }
          if (queue.pendingCount === 0) queues.delete(key);
        });
      }),
  };
}
