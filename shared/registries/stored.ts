import { UnreadableRowError } from '../errors.ts';
import type { StoredRegistry } from '../records/registry.ts';
import type { Registries } from '../records/registry-table.ts';

/** The stored registry, or why it cannot be read: then it can still be replaced or deleted. */
export async function readStored(
  registries: Registries,
  name: string,
): Promise<StoredRegistry | UnreadableRowError | undefined> {
  try {
    return await registries.get(name);
  } catch (error) {
    if (error instanceof UnreadableRowError) return error;
    throw error;
  }
}
