import type { TokenCredential } from '@azure/identity';
import { HTTPError } from 'ky';
import * as z from 'zod';
import { describe, ServiceError } from '../../errors.ts';
import { readPrincipalId } from '../principal.ts';
import { createArmList } from './list.ts';

/** Who may pull from a registry, as role assignments say. */
export interface PullRoles {
  /**
   * Object ids of the identities with a role that pulls, without the bridge's own; undefined when the bridge may not
   * read role assignments.
   * @throws ServiceError `registry-unavailable`
   */
  findPullers(resourceId: string, signal: AbortSignal): Promise<string[] | undefined>;
}

const API_VERSION = '2022-04-01';

/** Ids of built-in roles: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const PULLING_ROLES = new Set([
  '7f951dda-4ed3-4680-a7ca-43fe172d538d', // AcrPull
  '8311e382-0749-4cb8-b61a-304f252e45ec', // AcrPush
  'b93aa761-3e63-49ed-ac28-beffa264f7ac', // Container Registry Repository Reader
  '2a1e307c-b015-4ebd-883e-5b7698a07328', // Container Registry Repository Writer
  '2efddaa5-3f1f-4df3-97df-af3f13818f4c', // Container Registry Repository Contributor
]);

const RoleAssignment = z.object({
  properties: z.object({ principalId: z.string(), roleDefinitionId: z.string() }),
});

/**
 * https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope
 * @param url address of Azure Resource Manager in this cloud; its tokens have `audience`
 */
export function createPullRoles(credential: TokenCredential, url: string, audience: string): PullRoles {
  const list = createArmList(credential, url, audience);

  return {
    async findPullers(resourceId, signal) {
      const path = `${resourceId}/providers/Microsoft.Authorization/roleAssignments`;
      try {
        const found = new Set<string>();
        for await (const { properties } of list(RoleAssignment, path, API_VERSION, signal)) {
          const role = properties.roleDefinitionId.split('/').at(-1)?.toLowerCase() ?? '';
          if (PULLING_ROLES.has(role)) found.add(properties.principalId);
        }
        found.delete((await readPrincipalId(credential, audience)) ?? '');
        return [...found];
      } catch (error) {
        if (error instanceof HTTPError && error.response.status === 403) return undefined;
        const message = `Azure does not show the role assignments: ${describe(error)}`;
        throw new ServiceError('registry-unavailable', message, { cause: error });
      }
    },
  };
}
