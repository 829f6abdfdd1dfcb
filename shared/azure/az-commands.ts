/** Quotes `text` as one word for a POSIX shell. */
export function quote(text: string): string {
  return /^[\w@:,./+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * The roles that read images and list repositories in ABAC mode, where AcrPull has no effect.
 * https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions
 */
export const READER_IN_ABAC_MODE = 'Container Registry Repository Reader';
export const LISTER_IN_ABAC_MODE = 'Container Registry Repository Catalog Lister';

/**
 * The command that assigns a role to a service principal, one option per line.
 * @param assignee object id, quoted for a shell: Azure accepts a client id too, but the assignment then has no effect
 * @param scope resource id, quoted for a shell
 */
export function roleAssignment(role: string, assignee: string, scope: string): string[] {
  return [
    `az role assignment create --role ${quote(role)}`,
    `--assignee-object-id ${assignee}`,
    '--assignee-principal-type ServicePrincipal',
    `--scope ${scope}`,
  ];
}

/** A person must run it: the bridge has no right to change the registry. */
export function enableAdminAccount({ registryName }: { registryName: string }): string {
  return `az acr update --name ${registryName} --admin-enabled true`;
}

export function enableToken(registryName: string, tokenName: string): string {
  return `az acr token update --registry ${registryName} --name ${tokenName} --status enabled`;
}

export function listTokens(registryName: string): string {
  return `az acr token list --registry ${registryName}`;
}

export function showToken(registryName: string, tokenName: string): string {
  return `az acr token show --registry ${registryName} --name ${tokenName}`;
}

/** @param slot 1 or 2 */
export function deleteTokenPassword(registryName: string, tokenName: string, slot: 1 | 2): string {
  return `az acr token credential delete --registry ${registryName} --name ${tokenName} --password${slot}`;
}

export function deleteScopeMap(registryName: string, scopeMap: string): string {
  return `az acr scope-map delete --registry ${registryName} --name ${scopeMap}`;
}

export function showApp(appId: string): string {
  return `az ad app show --id ${appId}`;
}

/** @param owner object id, quoted for a shell */
export function addAppOwner(appId: string, owner: string): string {
  return `az ad app owner add --id ${appId} --owner-object-id ${owner}`;
}

/** The name of a resource as its own address begins. */
export function resourceNameOf(url: string): string {
  return new URL(url).hostname.split('.')[0] as string;
}

/** A login server of ACR begins with the name of its registry, up to the hash of a domain name label. */
const ACR_HOST = /^([a-z0-9]+)[-.](?:[a-z0-9-]+\.)*azurecr\.[a-z]+$/;

/** The name of the registry with this login server, for a command. */
export function registryName(loginServer: string): string {
  const [, name] = ACR_HOST.exec(loginServer) ?? [];
  return name ?? `"$(az acr list --query "[?loginServer=='${loginServer}'].name" --output tsv)"`;
}
