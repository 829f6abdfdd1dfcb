import type { RegistryDescription } from '../azure/arm.ts';
import type { StoredRegistry } from '../records/registry.ts';

/** One thing that must be true for images to arrive, and how that is found out. */
export interface Check {
  name: string;
  /** What must be true, as a sentence for people. */
  truth: string;
  /** Checks without which this one would tell nothing; they come before it. */
  needs: readonly string[];
  /** False where this does not matter for the registry; it always does when absent. */
  appliesTo?(registry: StoredRegistry): boolean;
  /** Changes nothing that anybody would notice. What it throws was not foreseen. */
  run(diagnosis: Diagnosis): Promise<Verdict>;
}

/** What the checks of one diagnosis share. */
export interface Diagnosis {
  /** The registry's record; only for checks that need `tables`. */
  registry: StoredRegistry;
  /** What Azure says of it; asked once. @throws as `Arm` does */
  askAzure(): Promise<RegistryDescription>;
  /** Object id of the bridge's identity, which is what roles are assigned to. */
  principalId: string;
  signal: AbortSignal;
}

export type Verdict =
  | { ok: true; message: string }
  | { ok: false; reason: string; message: string; remedy: string }
  /** It could not be found out, for a reason that is none of its own. */
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
