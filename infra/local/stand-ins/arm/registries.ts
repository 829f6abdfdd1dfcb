import { createRegistryAccounts, type RegistryAccounts } from './accounts.ts';
import type { ArmRegistry, RegistryState } from './registry.ts';

/** The registries of all subscriptions. Ids are compared as ARM does, without regard to case. */
export interface ArmRegistries {
  /** Adds or replaces the registry. @throws Error when the id is not a registry's */
  add(registry: ArmRegistry): void;
  /** Changes the registry. @throws Error when there is no such registry */
  change(resourceId: string, changes: Partial<Omit<ArmRegistry, 'resourceId'>>): void;
  find(resourceId: string): ArmRegistry | undefined;
  /**
   * Its accounts with passwords; they stay when the registry is replaced.
   * @throws Error when there is no such registry
   */
  accounts(resourceId: string): RegistryAccounts;
  /** How often its `roleAssignmentMode` was switched, which ends every login. */
  modeSwitches(resourceId: string): number;
  subscriptions(): string[];
  all(): ArmRegistry[];
  allIn(subscription: string): ArmRegistry[];
  /** Whether any registry is in that subscription, or in that resource group of it. */
  hasAnyIn(subscription: string, group?: string): boolean;
}

export const DEFAULT_LOCATION = 'westeurope';

/** Captures the whole id, the subscription, the resource group and the name; to be matched without regard to case. */
export const REGISTRY_ID =
  '(/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\\.ContainerRegistry/registries/([^/]+))';

export function createArmRegistries(shared: Omit<RegistryState, 'registry'>): ArmRegistries {
  const byId = new Map<string, ArmRegistry>();
  const accounts = new Map<string, RegistryAccounts>();
  const modeSwitches = new Map<string, number>();
  const find = (resourceId: string) => byId.get(resourceId.toLowerCase());
  function get(resourceId: string): ArmRegistry {
    const registry = find(resourceId);
    if (!registry) throw new Error(`${resourceId} is not known.`);
    return registry;
  }
  function set(registry: ArmRegistry): void {
    const id = registry.resourceId.toLowerCase();
    const before = byId.get(id);
    if (before && modeOf(before) !== modeOf(registry)) modeSwitches.set(id, (modeSwitches.get(id) ?? 0) + 1);
    byId.set(id, registry);
  }
  return {
    add(registry) {
      if (!new RegExp(`^${REGISTRY_ID}$`, 'i').test(registry.resourceId)) {
        throw new Error(`${registry.resourceId} is not the ARM id of a container registry.`);
      }
      set(registry);
    },
    change: (resourceId, changes) => set({ ...get(resourceId), ...changes }),
    accounts(resourceId) {
      const id = get(resourceId).resourceId.toLowerCase();
      const known =
        accounts.get(id) ?? createRegistryAccounts({ ...shared, registry: () => get(resourceId) });
      accounts.set(id, known);
      return known;
    },
    modeSwitches: resourceId => modeSwitches.get(resourceId.toLowerCase()) ?? 0,
    subscriptions: () => [...new Set([...byId.keys()].map(id => id.split('/')[2] as string))],
    all: () => [...byId.values()],
    allIn: subscription =>
      [...byId]
        .filter(([id]) => id.split('/')[2] === subscription.toLowerCase())
        .map(([, registry]) => registry),
    find,
    hasAnyIn(subscription, group) {
      const scope = `/subscriptions/${subscription}/${group === undefined ? '' : `resourceGroups/${group}/`}`;
      return [...byId.keys()].some(id => id.startsWith(scope.toLowerCase()));
    },
  };
}

function modeOf({ roleAssignmentMode = 'LegacyRegistryPermissions' }: ArmRegistry) {
  return roleAssignmentMode;
}

/** `Registry` of the REST API, version 2025-11-01, as far as clients look at it. */
export function registryBody(registry: ArmRegistry) {
  const sku = registry.sku ?? 'Standard';
  return {
    id: registry.resourceId,
    name: registry.resourceId.split('/').at(-1),
    type: 'Microsoft.ContainerRegistry/registries',
    location: registry.location ?? DEFAULT_LOCATION,
    tags: {},
    sku: { name: sku, tier: sku },
    properties: {
      loginServer: registry.loginServer,
      provisioningState: 'Succeeded',
      adminUserEnabled: registry.adminUserEnabled ?? false,
      anonymousPullEnabled: registry.anonymousPullEnabled ?? false,
      roleAssignmentMode: modeOf(registry),
      publicNetworkAccess: 'Enabled',
      dataEndpointEnabled: false,
      dataEndpointHostNames: [],
      policies: {
        retentionPolicy: {
          days: registry.retentionDays ?? 7,
          status: registry.retentionDays === undefined ? 'disabled' : 'enabled',
        },
      },
    },
  };
}
