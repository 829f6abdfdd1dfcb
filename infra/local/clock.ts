/** A clock that runs with the real one, and that tests can move forward. */
export interface MovableClock {
  now(): Date;
  /** Moves the clock. Before it returns, it runs everything that becomes due, in order of time. */
  advance(ms: number): void;
  /**
   * Runs `run` once the clock has gone on by `ms`.
   * @returns a function that cancels this; it returns false if `run` has run
   */
  after(ms: number, run: () => void): () => boolean;
}

interface Timer {
  dueMs: number;
  run: () => void;
}

/** The longest that `setTimeout` can wait. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

export function createMovableClock(): MovableClock {
  const timers = new Set<Timer>();
  let offsetMs = 0;
  let alarm: NodeJS.Timeout | undefined;
  const nowMs = () => Date.now() + offsetMs;

  function setAlarm(): void {
    clearTimeout(alarm);
    if (timers.size === 0) return;
    const waitMs = Math.min(...[...timers].map(timer => timer.dueMs)) - nowMs();
    // A pending timer alone must not keep the process alive.
    alarm = setTimeout(runDue, Math.min(waitMs, LONGEST_WAIT_MS)).unref();
  }
  function runDue(): void {
    const due = [...timers].filter(timer => timer.dueMs <= nowMs()).sort((a, b) => a.dueMs - b.dueMs);
    for (const timer of due) {
      if (timers.delete(timer)) timer.run();
    }
    setAlarm();
  }
  return {
    now: () => new Date(nowMs()),
    advance(ms) {
      offsetMs += ms;
      runDue();
    },
    after(ms, run) {
      const timer = { dueMs: nowMs() + ms, run };
      timers.add(timer);
      setAlarm();
      return () => timers.delete(timer);
    },
  };
}
