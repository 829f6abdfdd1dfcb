import { setTimeout as delay } from 'node:timers/promises';
import { CommandError, EXIT } from './exit.ts';
import { createProgress } from './progress.ts';

const PAUSE_MS = 1_000;

interface Poll<T> {
  read(): Promise<T>;
  isOver(seen: T): boolean;
  /** What goes on, for the person who waits. */
  describe(seen: T): string;
  timeoutSeconds: number;
}

/** Reads each second until it is over. @throws CommandError `timeUp` */
export async function poll<T>({ read, isOver, describe, timeoutSeconds }: Poll<T>): Promise<T> {
  const progress = createProgress(process.stderr);
  const until = Date.now() + timeoutSeconds * 1_000;
  try {
    for (;;) {
      const seen = await read();
      if (isOver(seen)) return seen;
      if (Date.now() >= until) {
        const message = `It is not over after ${timeoutSeconds} s, and goes on in the bridge: ${describe(seen)}`;
        throw new CommandError(EXIT.timeUp, message);
      }
      progress.show(describe(seen));
      await delay(PAUSE_MS);
    }
  } finally {
    progress.end();
  }
}
