import { inspect } from 'node:util';
import type { LogLevel } from './core-module.ts';

/** @param functionName absent when it is the host or the library that speaks */
export type Log = (level: LogLevel, functionName: string | undefined, message: string) => void;

/** Writes each entry as one line, `<ISO time> <level> [functionName] message`. */
export function createLog(write: (line: string) => void, now: () => Date): Log {
  return (level, functionName, message) => {
    const text = message.trim().replace(/\s*\n\s*/g, ' | ');
    write(`${now().toISOString()} ${level} [${functionName ?? 'host'}] ${text}`);
  };
}

/** An error with its stack and causes, as text. */
export function describeError(error: unknown): string {
  return inspect(error);
}
