import type { RegistryDescription } from '../azure/arm/registries.ts';
import type { UnreadableRowError } from '../errors.ts';
import type { StoredRegistry } from '../records/registry.ts';

/** The facts that the checks of one diagnosis share. */
export interface Diagnosis {
  /** The registry's record; only for checks that need `registry-record`. */
  registry: StoredRegistry;
  /** Why that record cannot be read. */
  unreadable?: UnreadableRowError;
  /** What Azure says of it; reads Azure once. @throws as `Arm` does */
  askAzure(): Promise<RegistryDescription>;
  /** Object id of the bridge's identity; role assignments need it. */
  principalId: string;
  signal: AbortSignal;
}
