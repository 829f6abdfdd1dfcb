import type { TokenCredential } from '@azure/identity';
import * as z from 'zod';
import { describe, ServiceError } from '../../errors.ts';
import { createClientOf } from './client.ts';
import { createArmList } from './list.ts';
import type { RegistryResourceId } from './resource-id.ts';

/** What Azure Resource Manager says of a registry. */
export interface RegistryDescription {
  /** Host that clients use. It does not follow from the name: it may contain a hash, or have another domain. */
  loginServer: string;
  sku: string;
  /** In ABAC mode AcrPull has no effect, and a role that reads repositories does not list the catalog. */
  abac: boolean;
  /** Whether the administrator account is on. */
  adminEnabled: boolean;
  /** After how many days Azure deletes a manifest that has lost its tag; undefined when it keeps it. */
  retentionDays?: number | undefined;
}

export interface Arm {
  /** @throws RestError as the SDK throws it: 404 when there is no such registry, 403 when the bridge may not read it */
  describeRegistry(id: RegistryResourceId, signal: AbortSignal): Promise<RegistryDescription>;
  /**
   * The resource id of the registry with this login server, among those that the bridge's identity may read.
   * @throws ServiceError `registry-unavailable`
   */
  findRegistryId(loginServer: string, signal: AbortSignal): Promise<string | undefined>;
}

const Subscription = z.object({ subscriptionId: z.string() });

/** @param url address of Azure Resource Manager in this cloud; its tokens have `audience` */
export function createArm(credential: TokenCredential, url: string, audience: string): Arm {
  const clientOf = createClientOf(credential, url, audience);
  const list = createArmList(credential, url, audience);

  return {
    async findRegistryId(loginServer, signal) {
      try {
        // https://learn.microsoft.com/rest/api/resources/subscriptions/list
        for await (const { subscriptionId } of list(Subscription, '/subscriptions', '2022-12-01', signal)) {
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
      // https://learn.microsoft.com/azure/container-registry/container-registry-retention-policy
      const retention = registry.policies?.retentionPolicy;
      return {
        loginServer: (registry.loginServer ?? '').toLowerCase(),
        sku: registry.sku.name,
        abac: registry.roleAssignmentMode === 'AbacRepositoryPermissions',
        adminEnabled: registry.adminUserEnabled ?? false,
        retentionDays: retention?.status === 'enabled' ? retention.days : undefined,
      };
    },
  };
}
