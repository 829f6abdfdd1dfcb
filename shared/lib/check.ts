/**
 * One thing that must be true, and how that is found out.
 * @typeParam D what the checks of one diagnosis share
 */
export interface Check<D> {
  name: string;
  /** What must be true, as a sentence for people. */
  truth: string;
  /** Checks without which this one would say nothing; they come before it. */
  needs: readonly string[];
  /** False where this does not matter; it always matters when absent. */
  appliesTo?(diagnosis: D): boolean;
  /** Finds it out, and changes nothing. The check does not foresee what this throws. */
  run(diagnosis: D): Promise<Verdict>;
}

export type Verdict =
  | { ok: true; message: string }
  | { ok: false; reason: string; message: string; remedy: string }
  /** It could not be found out, because something else is wrong. */
  | { ok: null; message: string };

export function fine(message: string): Verdict {
  return { ok: true, message };
}

export function wrong(reason: string, message: string, remedy: string): Verdict {
  return { ok: false, reason, message, remedy };
}

export function unclear(message: string): Verdict {
  return { ok: null, message };
}
