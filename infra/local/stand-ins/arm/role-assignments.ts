import { randomUUID } from 'node:crypto';
import type { Route } from '../../stand-in.ts';
import { ACTIONS } from './actions.ts';
import { notAuthorized } from './errors.ts';
import { authenticate, type OperationContext } from './operation.ts';
import { REGISTRY_ID } from './registries.ts';

/** A role of an identity at a registry, or at what the registry is in. */
export interface ArmRoleAssignment {
  /** Resource id of the registry, in which the assignment has effect. */
  registry: string;
  principalId: string;
  /** Id of a built-in role. */
  roleId: string;
}

/** https://learn.microsoft.com/rest/api/authorization/role-assignments/list-for-scope */
export function roleAssignmentRoute(
  assignments: readonly ArmRoleAssignment[],
  { allowed, verifyEntraToken }: OperationContext,
): Route {
  return {
    method: 'GET',
    path: new RegExp(`^${REGISTRY_ID}/providers/Microsoft\\.Authorization/roleAssignments$`, 'i'),
    async handle(request) {
      const caller = await authenticate(request, verifyEntraToken);
      if (typeof caller !== 'string') return caller;
      const action = ACTIONS.readRoleAssignments;
      if (!allowed[caller]?.includes(action)) return notAuthorized(caller, action, request.url.pathname);
      const [id = ''] = request.params;
      const value = assignments.filter(({ registry }) => registry.toLowerCase() === id.toLowerCase());
      return { status: 200, body: { value: value.map(body) } };
    },
  };
}

function body({ registry, principalId, roleId }: ArmRoleAssignment): object {
  const [, subscriptions, subscription] = registry.split('/');
  const roles = `/${subscriptions}/${subscription}/providers/Microsoft.Authorization/roleDefinitions`;
  const name = randomUUID();
  return {
    id: `${registry}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    type: 'Microsoft.Authorization/roleAssignments',
    name,
    properties: {
      ...{ principalId, principalType: 'ServicePrincipal', scope: registry },
      roleDefinitionId: `${roles}/${roleId}`,
    },
  };
}
