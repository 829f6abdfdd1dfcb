import type { RegistryResourceId } from './resource-id.ts';

/** Kinds whose credentials Azure Resource Manager issues to an identity with a custom role. */
export type IssuingKind = 'admin' | 'token';

/**
 * Name of the custom role that lets the bridge issue credentials of one registry. Role names are unique in a tenant,
 * registry names in all of Azure.
 */
export function issuingRole(kind: IssuingKind, registryName: string): string {
  return `Coder ACR Bridge Credential Manager (${kind}, ${registryName})`;
}

const ACR = 'Microsoft.ContainerRegistry';

const SCOPE_MAPS = [
  `${ACR}/registries/scopeMaps/read`,
  `${ACR}/registries/scopeMaps/write`,
  `${ACR}/registries/scopeMaps/operationStatuses/read`,
];

/** The actions that each kind needs in addition to reading the registry, without wildcards. */
const ACTIONS: Record<IssuingKind, readonly string[]> = {
  admin: [
    `${ACR}/registries/read`,
    `${ACR}/registries/listCredentials/action`,
    `${ACR}/registries/regenerateCredential/action`,
    // A scope map says which deployment of the bridge renews the account.
    ...SCOPE_MAPS,
  ],
  token: [
    `${ACR}/registries/read`,
    `${ACR}/registries/tokens/read`,
    `${ACR}/registries/tokens/write`,
    // What was made for a registry that Coder then refused is removed again.
    `${ACR}/registries/tokens/delete`,
    `${ACR}/registries/scopeMaps/delete`,
    `${ACR}/registries/tokens/operationStatuses/read`,
    ...SCOPE_MAPS,
    `${ACR}/registries/generateCredentials/action`,
    `${ACR}/locations/operationResults/read`,
  ],
};

/** The definition of that role, as input for `az role definition create`. */
export function issuingRoleDefinition(kind: IssuingKind, id: RegistryResourceId): object {
  const { subscriptionId, resourceGroup, registryName } = id;
  return {
    Name: issuingRole(kind, registryName),
    Description: `Issues what Coder pulls with from ${registryName} (${kind}).`,
    Actions: ACTIONS[kind],
    AssignableScopes: [`/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`],
  };
}
