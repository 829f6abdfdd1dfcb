import { quote } from '../setup/shell.ts';

/** Stands in commands for the object id of the bridge's identity, where that could not be found out. */
export const UNKNOWN_PRINCIPAL = 'PRINCIPAL_ID';

/** Assigns a role to the bridge's identity. A client id would be taken, and be without effect. */
export function assignRoleCommand(role: string, principalId: string, scope: string): string {
  return `az role assignment create --role ${quote(role)} --assignee-object-id ${principalId} --assignee-principal-type ServicePrincipal --scope ${scope}`;
}

/** A remedy that is a command, and what to know about it. */
export function run(command: string, note = ''): string {
  return `Run: ${command}${note && `\n${note}`}`;
}

/** Assigns a role, which takes a while to be heeded. */
export function assignRole(role: string, principalId: string, scope: string): string {
  return run(
    assignRoleCommand(role, principalId, scope),
    'Azure takes up to ten minutes to heed it. If the role is assigned already, that is all there is to wait for.',
  );
}

/** The name of a resource as its own address begins. */
export function resourceNameOf(url: string): string {
  return new URL(url).hostname.split('.')[0] as string;
}
