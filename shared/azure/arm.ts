import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import type { TokenCredential } from '@azure/identity';
import type { RegistryResourceId } from '../arm-id.ts';
import { retryOptions } from './retries.ts';

/** What Azure Resource Manager says of a registry. */
export interface RegistryDescription {
  /** Host that clients use. It cannot be derived from the name: it may carry a hash, and another domain. */
  loginServer: string;
  sku: string;
  /** In ABAC mode AcrPull is without effect, and no role that reads repositories lists the catalog. */
  abac: boolean;
}

export interface Arm {
  /** @throws RestError as the SDK throws it: 404 when there is no such registry, 403 when we may not read it */
  describeRegistry(id: RegistryResourceId, signal: AbortSignal): Promise<RegistryDescription>;
}

/** @param url of Azure Resource Manager in this cloud, whose tokens have `audience` */
export function createArm(credential: TokenCredential, url: string, audience: string): Arm {
  return {
    async describeRegistry({ subscriptionId, resourceGroup, registryName }, signal) {
      const client = new ContainerRegistryManagementClient(credential, subscriptionId, {
        endpoint: url,
        credentials: { scopes: [`${audience}/.default`] },
        retryOptions,
      });
      const registry = await client.registries.get(resourceGroup, registryName, { abortSignal: signal });
      return {
        loginServer: (registry.loginServer ?? '').toLowerCase(),
        sku: registry.sku.name,
        abac: registry.roleAssignmentMode === 'AbacRepositoryPermissions',
      };
    },
  };
}
