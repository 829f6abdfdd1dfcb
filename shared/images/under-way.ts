import type { ImageReason } from '../reasons.ts';

/** A call that an import waits for. */
export interface Waiting {
  /** The reason of images that cannot go on because of it. */
  reason: ImageReason;
  /** For people: which image waits for which host to do what. */
  call: string;
}

/** What imports of this instance wait for, to name what held up an import that had to wait for others. */
export interface UnderWay {
  /** Runs `work`, which waits for this. */
  during<T>(registry: string, waiting: Waiting, work: () => Promise<T>): Promise<T>;
  /** What imports of the registry waited for longest of late; undefined when none waited long. */
  longest(registry: string): Waiting | undefined;
}

interface Entry {
  registry: string;
  waiting: Waiting;
  sinceMs: number;
  untilMs?: number;
}

const LONG_MS = 2_000;
/** How long what is over can still be named: imports that waited for it end a little later. */
const KEPT_MS = 30_000;

/** @param nowMs a clock in ms */
export function createUnderWay(nowMs: () => number): UnderWay {
  const entries = new Set<Entry>();
  const tookMs = ({ sinceMs, untilMs = nowMs() }: Entry) => untilMs - sinceMs;

  function end(entry: Entry): void {
    entry.untilMs = nowMs();
    for (const other of entries) {
      const { untilMs } = other;
      const isOver = untilMs !== undefined && (tookMs(other) < LONG_MS || nowMs() - untilMs > KEPT_MS);
      if (isOver) entries.delete(other);
    }
  }

  return {
    async during(registry, waiting, work) {
      const entry: Entry = { registry, waiting, sinceMs: nowMs() };
      entries.add(entry);
      try {
        return await work();
      } finally {
        end(entry);
      }
    },

    longest(registry) {
      const long = [...entries].filter(entry => entry.registry === registry && tookMs(entry) >= LONG_MS);
      return long.sort((a, b) => tookMs(b) - tookMs(a))[0]?.waiting;
    },
  };
}
