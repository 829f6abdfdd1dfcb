const DAY_MS = 86_400_000;
const UNITS: readonly [name: string, seconds: number][] = [
  ['day', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
];

/** `3 min`, `4 days`: the largest unit that fits, rounded down. @param ms not negative */
export function lengthOf(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  // Below a few units the smaller one says more: 90 min rather than 1 h.
  const [name, size] = UNITS.find(([, size]) => seconds >= size * (size === 1 ? 0 : 2)) ?? ['s', 1];
  const count = Math.floor(seconds / size);
  return name === 'day' ? `${count} ${count === 1 ? 'day' : 'days'}` : `${count} ${name}`;
}

/** `3 min ago`, `in 40 s`. What is ahead is rounded, so that what was just issued for 90 days ends in 90. */
export function relativeTime(time: Date, now: Date): string {
  const ms = time.getTime() - now.getTime();
  if (Math.abs(ms) < 1_000) return 'now';
  if (ms < 0) return `${lengthOf(-ms)} ago`;
  return `in ${lengthOf(ms < 2 * DAY_MS ? ms : Math.round(ms / DAY_MS) * DAY_MS)}`;
}

/** To the second, as logs have it: `2026-11-28 13:04:05 UTC`. */
export function exactTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `840 ms`, `1.8 s`, `3 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  return lengthOf(ms);
}
