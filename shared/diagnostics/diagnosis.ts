import type { RegistryDescription } from '../azure/arm.ts';
import type { StoredRegistry } from '../records/registry.ts';

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
