import { roleAssignment } from '../azure/az-commands.ts';

/** A placeholder in commands, when the object id of the bridge's identity is unknown. */
export const UNKNOWN_PRINCIPAL = 'PRINCIPAL_ID';

/** What to do about a role that the bridge's identity lacks. */
export function missingRole(role: string, principalId: string, scope: string): string {
  return `Run: ${roleAssignment(role, principalId, scope).join(' ')}
The assignment takes up to ten minutes to take effect. If the role is assigned already, wait.`;
}
