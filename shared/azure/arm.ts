import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import type { TokenCredential } from '@azure/identity';
import ky from 'ky';
import * as z from 'zod';
import type { RegistryResourceId } from '../arm-id.ts';
import { describe, ServiceError } from '../errors.ts';
import { nameEmptyErrors } from './empty-errors.ts';
import { retryOptions } from './retries.ts';

/** What Azure Resource Manager says of a registry. */
export interface RegistryDescription {
  /** Host that clients use. It cannot be derived from the name: it may carry a hash, and another domain. */
  loginServer: string;
  sku: string;
  /** In ABAC mode AcrPull is without effect, and no role that reads repositories lists the catalog. */
  abac: boolean;
  /** Whether the administrator account is on. */
  adminEnabled: boolean;
}

export interface Arm {
  /** @throws RestError as the SDK throws it: 404 when there is no such registry, 403 when we may not read it */
  describeRegistry(id: RegistryResourceId, signal: AbortSignal): Promise<RegistryDescription>;
  /**
   * The resource id of the registry with this login server, among those that our identity may read.
   * @throws ServiceError `registry-unavailable`
   */
  findRegistryId(loginServer: string, signal: AbortSignal): Promise<string | undefined>;
}

const Subscriptions = z.object({
  value: z.array(z.object({ subscriptionId: z.string() })),
  nextLink: z.string().optional(),
});

/** @param url of Azure Resource Manager in this cloud, whose tokens have `audience` */
export function createArm(credential: TokenCredential, url: string, audience: string): Arm {
  const scope = `${audience}/.default`;
  const clientOf = (subscriptionId: string) =>
    new ContainerRegistryManagementClient(credential, subscriptionId, {
      endpoint: url,
      credentials: { scopes: [scope] },
      retryOptions,
      additionalPolicies: [nameEmptyErrors],
    });

  /** https://learn.microsoft.com/rest/api/resources/subscriptions/list */
  async function* subscriptions(signal: AbortSignal): AsyncIterable<string> {
    const token = await credential.getToken(scope, { abortSignal: signal });
    const headers = { authorization: `Bearer ${token?.token}` };
    let page: string | undefined = `${url}/subscriptions?api-version=2022-12-01`;
    // A next page elsewhere would carry our token away.
    while (page?.startsWith(`${url}/`)) {
      const { value, nextLink }: z.infer<typeof Subscriptions> = Subscriptions.parse(
        await ky.get(page, { headers, redirect: 'error', signal }).json(),
      );
      for (const { subscriptionId } of value) yield subscriptionId;
      page = nextLink;
    }
  }

  return {
    async findRegistryId(loginServer, signal) {
      try {
        for await (const subscriptionId of subscriptions(signal)) {
          for await (const registry of clientOf(subscriptionId).registries.list({ abortSignal: signal })) {
            if (registry.loginServer?.toLowerCase() === loginServer.toLowerCase()) return registry.id;
          }
        }
        return undefined;
      } catch (error) {
        const message = `Azure Resource Manager: ${describe(error)}`;
        throw new ServiceError('registry-unavailable', message, { cause: error });
      }
    },

    async describeRegistry({ subscriptionId, resourceGroup, registryName }, signal) {
      const client = clientOf(subscriptionId);
      const registry = await client.registries.get(resourceGroup, registryName, { abortSignal: signal });
      return {
        loginServer: (registry.loginServer ?? '').toLowerCase(),
        sku: registry.sku.name,
        abac: registry.roleAssignmentMode === 'AbacRepositoryPermissions',
        adminEnabled: registry.adminUserEnabled ?? false,
      };
    },
  };
}
