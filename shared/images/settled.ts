import type { ImageRecord } from '../records/image.ts';

export interface WaitServices {
  now: () => Date;
  /** Waits, or ends early when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Between two looks at a record: short at first, as most imports take seconds. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 2_000;

/**
 * Looks again and again until there is a settled record, or the time is up, and gives what there is then.
 *
 * @param digest the record must be about this digest; any when absent
 * @param signal ends the wait too
 */
export async function untilSettled(
  { now, wait }: WaitServices,
  read: () => Promise<ImageRecord | undefined>,
  digest: string | undefined,
  waitMs: number,
  signal: AbortSignal,
): Promise<ImageRecord | undefined> {
  const until = now().getTime() + waitMs;
  for (let pauseMs = FIRST_WAIT_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_WAIT_MS)) {
    const record = await read();
    const leftMs = until - now().getTime();
    if (isSettled(record, digest) || leftMs <= 0 || signal.aborted) return record;
    await wait(Math.min(pauseMs, leftMs), signal);
  }
}

function isSettled(record: ImageRecord | undefined, digest: string | undefined): boolean {
  if (!record || record.state === 'pending') return false;
  return digest === undefined || record.digest === digest;
}
