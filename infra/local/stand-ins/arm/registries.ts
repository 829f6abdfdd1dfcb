/** A container registry as Azure Resource Manager knows it. */
export interface ArmRegistry {
  /** `/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/NAME` */
  resourceId: string;
  /** Host, and port if any, that images are pushed to. */
  loginServer: string;
  sku?: 'Basic' | 'Standard' | 'Premium';
  adminUserEnabled?: boolean;
  anonymousPullEnabled?: boolean;
  roleAssignmentMode?: 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions';
  location?: string;
}

/** The registries of all subscriptions. Ids are compared as ARM does, without regard to case. */
export interface ArmRegistries {
  /** Makes the registry known, or replaces what was known of it. @throws Error when the id is not a registry's */
  add(registry: ArmRegistry): void;
  find(resourceId: string): ArmRegistry | undefined;
  /** Whether any registry is in that subscription, or in that resource group of it. */
  hasAnyIn(subscription: string, group?: string): boolean;
}

/** Captures the whole id, the subscription, the resource group and the name; to be matched without regard to case. */
export const REGISTRY_ID =
  '(/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\\.ContainerRegistry/registries/([^/]+))';

export function createArmRegistries(): ArmRegistries {
  const byId = new Map<string, ArmRegistry>();
  return {
    add(registry) {
      if (!new RegExp(`^${REGISTRY_ID}$`, 'i').test(registry.resourceId)) {
        throw new Error(`${registry.resourceId} is not the ARM id of a container registry.`);
      }
      byId.set(registry.resourceId.toLowerCase(), registry);
    },
    find: resourceId => byId.get(resourceId.toLowerCase()),
    hasAnyIn(subscription, group) {
      const scope = `/subscriptions/${subscription}/${group === undefined ? '' : `resourceGroups/${group}/`}`;
      return [...byId.keys()].some(id => id.startsWith(scope.toLowerCase()));
    },
  };
}

/** `Registry` of the REST API, version 2025-11-01, as far as clients look at it. */
export function registryBody(registry: ArmRegistry) {
  const sku = registry.sku ?? 'Standard';
  return {
    id: registry.resourceId,
    name: registry.resourceId.split('/').at(-1),
    type: 'Microsoft.ContainerRegistry/registries',
    location: registry.location ?? 'westeurope',
    tags: {},
    sku: { name: sku, tier: sku },
    properties: {
      loginServer: registry.loginServer,
      provisioningState: 'Succeeded',
      adminUserEnabled: registry.adminUserEnabled ?? false,
      anonymousPullEnabled: registry.anonymousPullEnabled ?? false,
      roleAssignmentMode: registry.roleAssignmentMode ?? 'LegacyRegistryPermissions',
      publicNetworkAccess: 'Enabled',
      dataEndpointEnabled: false,
      dataEndpointHostNames: [],
    },
  };
}
