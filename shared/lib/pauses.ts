/** Hosts that asked to be left alone for a while. Everyone in this instance heeds it. */
export interface Pauses {
  /** Milliseconds for which the host still wants no calls; 0 when it takes them. */
  remaining(host: string): number;
  /** Notes an answer that asks for a pause. */
  asked(host: string, retryAfterMs: number | undefined): void;
}

/** What a host gets that says 429 and not how long. */
const UNSTATED_MS = 5_000;
/** One odd answer must not keep everyone from a host for long; each record waits for as long as it was told to. */
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
