import { useEffect, useState } from 'preact/hooks';
import { exactTime, relativeTime } from '../relative-time.ts';

const TICK_MS = 1_000;
const listeners = new Set<(now: Date) => void>();
let timer: number | undefined;

/** The time, again each second; one clock serves the whole page. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    listeners.add(setNow);
    timer ??= window.setInterval(() => {
      const present = new Date();
      for (const listener of listeners) listener(present);
    }, TICK_MS);
    return () => {
      listeners.delete(setNow);
      if (listeners.size > 0) return;
      window.clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return now;
}

/** A time relative to now, and exactly on hover. @param of an ISO time; absent shows what `none` says */
export function Time({ of, none = '–' }: { of: string | undefined; none?: string }) {
  const now = useNow();
  if (of === undefined) return <span class="quiet">{none}</span>;
  const time = new Date(of);
  return (
    <time dateTime={of} title={exactTime(time)}>
      {relativeTime(time, now)}
    </time>
  );
}
