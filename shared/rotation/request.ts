import { credentialKind } from '../credentials/kinds/all.ts';
import { ConflictError, RefusedError, unknownRegistry } from '../errors.ts';
import type { StoredRegistry } from '../records/registry.ts';
import type { Registries } from '../records/registry-table.ts';

/**
 * Records that a person wants a new credential. The next run of any instance issues it.
 *
 * @param compromised revokes the present credentials as soon as the holder has the new one, without a grace period
 * @throws RefusedError when there is no such registry, or the bridge issues no credential for it
 */
export async function requestRotation(
  { registries, now }: { registries: Registries; now: () => Date },
  name: string,
  compromised: boolean,
): Promise<StoredRegistry> {
  for (;;) {
    const registry = await findRotating(registries, name);
    const at = now();
    const rotation = { ...registry.rotation, requestedOn: at, ...(compromised && { compromisedOn: at }) };
    try {
      const etag = await registries.save({ ...registry, rotation }, registry);
      return { ...registry, rotation, etag };
    } catch (error) {
      // A run under way saves often, so this retries until it writes between two of its steps.
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

/** @throws RefusedError when there is no such registry, or the bridge issues no credential for it */
export async function findRotating(registries: Registries, name: string): Promise<StoredRegistry> {
  const registry = await registries.get(name);
  if (!registry) throw unknownRegistry(name);
  const { issuer, whyNothingToRotate } = credentialKind(registry.credential.kind);
  if (issuer) return registry;
  throw new RefusedError('nothing-to-rotate', whyNothingToRotate?.(registry) ?? '');
}
