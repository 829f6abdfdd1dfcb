/** Kinds whose credentials Azure Resource Manager makes, for whoever has a role of ours. */
export type IssuingKind = 'admin' | 'token';

/**
 * Name of the custom role that lets the bridge issue credentials of one registry. A tenant takes each role name once,
 * and all of Azure each name of a registry.
 */
export function issuingRole(kind: IssuingKind, registryName: string): string {
  return `Coder ACR Bridge Credential Manager (${kind}, ${registryName})`;
}
