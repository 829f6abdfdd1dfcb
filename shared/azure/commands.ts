import { partsOf } from './arm-id.ts';

/** One word of a POSIX shell that means exactly `text`. */
export function quote(text: string): string {
  return /^[\w@:,./+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command over several lines, one option on each. */
export function command(first: string, ...options: string[]): string {
  return [first, ...options].join(' \\\n  ');
}

/** A command that gives a variable what `find` prints. */
export function assign(variable: string, find: string): string {
  return `${variable}="$(${find})"`;
}

/** The options by which `az acr` finds the registry. */
export function azAcrOptions(registry: { resourceId: string }): string[] {
  const { subscriptionId, resourceGroup, registryName } = partsOf(registry);
  return [
    `--subscription ${subscriptionId}`,
    `--resource-group ${quote(resourceGroup)}`,
    `--registry ${registryName}`,
  ];
}

/**
 * The command that assigns a role to a service principal, an option on each line.
 * @param assignee a word of a shell that means the object id: Azure accepts a client id, but it has no effect
 * @param scope a word of a shell that means the resource id
 */
export function roleAssignment(role: string, assignee: string, scope: string): string[] {
  return [
    `az role assignment create --role ${quote(role)}`,
    `--assignee-object-id ${assignee}`,
    '--assignee-principal-type ServicePrincipal',
    `--scope ${scope}`,
  ];
}

/** Kinds whose credentials Azure Resource Manager makes for an identity with a custom role. */
export type IssuingKind = 'admin' | 'token';

/**
 * Name of the custom role that lets the bridge issue credentials of one registry. A tenant takes each role name once,
 * and all of Azure each name of a registry.
 */
export function issuingRole(kind: IssuingKind, registryName: string): string {
  return `Coder ACR Bridge Credential Manager (${kind}, ${registryName})`;
}

/** The bridge cannot run it: that takes the right to change the registry, which the bridge does not ask for. */
export function enableAdminAccount({ registryName }: { registryName: string }): string {
  return `az acr update --name ${registryName} --admin-enabled true`;
}

export function enableToken(registryName: string, tokenName: string): string {
  return `az acr token update --registry ${registryName} --name ${tokenName} --status enabled`;
}

export function listTokens(registryName: string): string {
  return `az acr token list --registry ${registryName}`;
}

export function showApp(appId: string): string {
  return `az ad app show --id ${appId}`;
}

/** @param owner a word of a shell that means an object id */
export function addAppOwner(appId: string, owner: string): string {
  return `az ad app owner add --id ${appId} --owner-object-id ${owner}`;
}
