import * as z from 'zod';
import { FORMS } from './quotes.ts';

const FaultFields = z.strictObject({
  /** Only requests with this method. */
  method: z
    .string()
    .transform(method => method.toUpperCase())
    .optional(),
  /** Only requests whose path, percent-decoded, this regular expression finds. */
  path: z.string().refine(isRegularExpression, 'is not a regular expression').optional(),
  /** The status to answer instead of the real one. */
  status: z.int().min(100).max(599).optional(),
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Answer as one that quotes every secret of the request in this form, with the status or else 400. */
  quotes: z.enum(Object.keys(FORMS)).optional(),
  /** How long to wait first. */
  delayMs: z.int().min(0).optional(),
  /** Cut the connection, before or after the work is done; `true` means before. */
  drop: z.union([z.enum(['before', 'after']), z.literal(true).transform(() => 'before' as const)]).optional(),
  /** Number of requests that it applies to; all when absent. */
  times: z.int().min(1).optional(),
});

/** A fault that a stand-in simulates for the matching requests. */
export const Fault = FaultFields.refine(
  ({ status, body, quotes, delayMs, drop }) =>
    [status, body, quotes, delayMs, drop].some(effect => effect !== undefined),
  'must say what happens: status, body, quotes, delayMs or drop',
);
export type Fault = z.infer<typeof Fault>;

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  all(): readonly Fault[];
  /** The oldest fault that matches the request; counts one use of it. */
  take(method: string, path: string): Fault | undefined;
}

export function createFaults(): Faults {
  let active: Fault[] = [];
  return {
    add(fault) {
      active.push({ ...fault });
    },
    clear() {
      active = [];
    },
    all: () => active,
    take(method, path) {
      const fault = active.find(
        candidate =>
          (candidate.method === undefined || candidate.method === method) &&
          (candidate.path === undefined || new RegExp(candidate.path).test(decode(path))),
      );
      if (fault?.times !== undefined) {
        fault.times -= 1;
        if (fault.times === 0) active = active.filter(other => other !== fault);
      }
      return fault;
    },
  };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Parses a fault from an HTTP body. */
export function parseFault(text: string): { fault: Fault } | { error: string } {
  try {
    const parsed = Fault.safeParse(JSON.parse(text));
    return parsed.success ? { fault: parsed.data } : { error: z.prettifyError(parsed.error) };
  } catch {
    return { error: 'the body is not JSON' };
  }
}

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
