import { quote } from './shell.ts';

/**
 * What reads images, and what lists repositories, in ABAC mode, where AcrPull is without effect.
 * https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions
 */
export const READER_IN_ABAC_MODE = 'Container Registry Repository Reader';
export const LISTER_IN_ABAC_MODE = 'Container Registry Repository Catalog Lister';

/**
 * The command that assigns a role to a service principal, an option on each line.
 * @param assignee a word of a shell that means the object id: a client id would be taken, and be without effect
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
