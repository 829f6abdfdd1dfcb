import { givesLogin } from '../credentials/kinds/all.ts';
import { forgetAll } from '../credentials/secrets.ts';
import { RefusedError, UnreadableRowError, unknownRegistry } from '../errors.ts';
import { checkPrecondition, type Precondition } from './precondition.ts';
import type { RegistryServices } from './put.ts';
import { readStored } from './stored.ts';

/**
 * Deletes the registry's secret, then its image records, and last its own record, so that a call that was cut off can be
 * repeated. Coder keeps its images.
 * A registry whose record cannot be read is deleted all the same.
 *
 * @throws RefusedError when there is no such registry, or its record is not as the precondition expects
 * @throws ServiceError when Key Vault does not answer
 * @throws ConflictError when the registry's record changed in between
 */
export async function deleteRegistry(
  { registries, images, summaries, leasedRows, vault, deploymentId }: RegistryServices,
  name: string,
  precondition: Precondition,
): Promise<void> {
  const registry = await readStored(registries, name);
  if (!registry) throw unknownRegistry(name);
  checkPrecondition(registry, precondition);
  if (await leasedRows.anyHeld(name)) {
    const message = 'An import of this registry is under way. Try again in half a minute.';
    throw new RefusedError('registry-busy', message);
  }
  // What cannot be read may have one. To remove what is not there succeeds.
  if (registry instanceof UnreadableRowError || givesLogin(registry.credential))
    await forgetAll(vault, name, deploymentId);
  await images.deleteAll(name);
  await summaries.remove(name);
  await registries.remove(name, registry);
}
