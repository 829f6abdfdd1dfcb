import { redactAll } from './redaction/redact.ts';

/** Structured logging: a fixed text, and its details as fields. */
export interface Log {
  info(text: string, fields: Record<string, unknown>): void;
  warn(text: string, fields: Record<string, unknown>): void;
  error(text: string, fields: Record<string, unknown>): void;
}

/** The part of an invocation's context that writes log lines. */
interface LineLogger {
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/** Writes each entry, without secrets, as one line of JSON, which Application Insights can parse. */
export function createLog(lines: LineLogger): Log {
  const line = (text: string, fields: Record<string, unknown>) =>
    JSON.stringify(redactAll({ text, ...fields }));
  return {
    info: (text, fields) => lines.info(line(text, fields)),
    warn: (text, fields) => lines.warn(line(text, fields)),
    error: (text, fields) => lines.error(line(text, fields)),
  };
}
