/** One word of a POSIX shell that means exactly `text`. */
export function quote(text: string): string {
  return /^[\w@:,./+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * What reads images, and what lists repositories, in ABAC mode, where AcrPull is without effect.
 * https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions
 */
export const READER_IN_ABAC_MODE = 'Container Registry Repository Reader';
export const LISTER_IN_ABAC_MODE = 'Container Registry Repository Catalog Lister';

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
