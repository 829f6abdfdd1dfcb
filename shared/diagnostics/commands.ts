import { roleAssignment } from '../azure/az-commands.ts';
import { PRINCIPAL } from '../azure/refusals/refusal.ts';

/** What to do about a role that the bridge's identity lacks. */
export function missingRole(role: string, principalId: string, scope: string): string {
  return `Run: ${roleAssignment(role, principalId, scope).join(' ')}
The assignment takes up to ten minutes to take effect. If the role is assigned already, wait.`;
}

/** A remedy with the object id of the bridge's identity in its commands. */
export function forPrincipal(remedy: string, principalId: string): string {
  return remedy.replaceAll(PRINCIPAL, principalId);
}
