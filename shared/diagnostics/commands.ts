import { roleAssignment } from '../azure/commands.ts';

/** Stands in commands for the object id of the bridge's identity, where that could not be found out. */
export const UNKNOWN_PRINCIPAL = 'PRINCIPAL_ID';

/** What to do about a role that the bridge's identity lacks. */
export function missingRole(role: string, principalId: string, scope: string): string {
  return `Run: ${roleAssignment(role, principalId, scope).join(' ')}
Azure takes up to ten minutes to heed it. If the role is assigned already, that is all there is to wait for.`;
}

/** The name of a resource as its own address begins. */
export function resourceNameOf(url: string): string {
  return new URL(url).hostname.split('.')[0] as string;
}
