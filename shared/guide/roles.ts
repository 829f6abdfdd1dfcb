import { partsOf } from '../azure/arm-id.ts';
import { command, quote, roleAssignment } from '../azure/commands.ts';
import type { Registry } from '../records/registry.ts';
import type { Command } from './guide.ts';

/**
 * In ABAC mode AcrPull is without effect, and listing repositories takes a role of its own.
 * https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions
 */
const ABAC = 'AbacRepositoryPermissions';
export const IN_ABAC_MODE = 'In ABAC mode';
export const OUTSIDE_ABAC_MODE = 'Outside ABAC mode';
export const READER_IN_ABAC_MODE = 'Container Registry Repository Reader';
export const LISTER_IN_ABAC_MODE = 'Container Registry Repository Catalog Lister';

/** Shows which roles the registry heeds. */
export function showMode(registry: Registry): Command {
  const { subscriptionId, resourceGroup, registryName } = partsOf(registry);
  return {
    run: command(
      'az acr show',
      `--subscription ${subscriptionId}`,
      `--resource-group ${quote(resourceGroup)}`,
      `--name ${registryName}`,
      '--query roleAssignmentMode --output tsv',
    ),
    expect: `LegacyRegistryPermissions, or ${ABAC} in ABAC mode`,
  };
}

/** @param principal variable that holds the object id. */
export function assignRole({ resourceId }: Registry, role: string, principal: string): string {
  const [create = '', ...options] = roleAssignment(role, `"$${principal}"`, quote(resourceId));
  return command(create, ...options);
}
