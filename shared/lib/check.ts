/**
 * One thing that must be true, and how to find out.
 * @typeParam D what the checks of one diagnosis share
 */
export interface Check<D> {
  name: string;
  /** What must be true, as a sentence for people. */
  truth: string;
  /** Checks that must pass before this one is meaningful; they run first. */
  needs: readonly string[];
  /** False where the check does not apply; it always applies when absent. */
  appliesTo?(diagnosis: D): boolean;
  /** Finds out, and changes nothing. It throws only on unexpected failures. */
  run(diagnosis: D): Promise<Verdict>;
}

export type Wrong = { ok: false; reason: string; message: string; remedy: string };

export type Verdict =
  | { ok: true; message: string }
  | Wrong
  /** The check has no result, because something else is wrong. */
  | { ok: null; message: string };

export function fine(message: string): Verdict {
  return { ok: true, message };
}

export function wrong(reason: string, message: string, remedy: string): Wrong {
  return { ok: false, reason, message, remedy };
}

export function unclear(message: string): Verdict {
  return { ok: null, message };
}
