/** Hosts that asked for a pause, shared by all callers in this process. */
export interface Pauses {
  /** Milliseconds until the host takes calls again; 0 when it takes them now. */
  remaining(host: string): number;
  /** Remembers the pause that an answer asks for. */
  asked(host: string, retryAfterMs: number | undefined): void;
}

/** The pause for a host that does not say how long. */
const UNSTATED_MS = 5_000;
/** Longest pause, so that one wrong answer does not block all callers for longer. */
const LONGEST_MS = 5 * 60_000;

export function createPauses(now: () => Date): Pauses {
  const until = new Map<string, number>();
  return {
    remaining: host => Math.max(0, (until.get(host) ?? 0) - now().getTime()),
    asked(host, retryAfterMs = UNSTATED_MS) {
      until.set(host, now().getTime() + Math.min(retryAfterMs, LONGEST_MS));
    },
  };
}
