import type { Caller } from './context.ts';
import type { Resource } from './resource.ts';
import { covers, scopeAllows } from './scopes.ts';
import type { User } from './state.ts';

/** Rights of everybody in the organization. */
const EVERYBODY = ['template:read', 'template:use', 'organization:read', 'provisioner_daemon:read'];
/** Rights of everybody over what is their own. */
const OVER_OWN = ['user:read', 'organization_member:read', 'api_key:*', 'workspace:*', 'file:*'];

const TEMPLATE_ADMIN = [
  ...['template:*', 'file:create', 'file:read', 'workspace:read', 'organization:read'],
  ...['organization_member:read', 'provisioner_daemon:read', 'provisioner_jobs:read'],
];

/** Rights by role, over everything of the kind. */
const ROLES: Record<string, string[]> = {
  owner: ['*:*'],
  'organization-admin': ['*:*'],
  'template-admin': [...TEMPLATE_ADMIN, 'user:read'],
  'organization-template-admin': TEMPLATE_ADMIN,
  'user-admin': ['user:*', 'organization_member:*', 'organization:read'],
  auditor: ['audit_log:read', 'template:read', 'user:read', 'organization_member:read'],
  'organization-workspace-access': ['workspace:create'],
};

export function isRole(name: string): boolean {
  return Object.hasOwn(ROLES, name);
}

/** Whether role, scopes and allow list of the token together give the right. */
export function allowed({ user, key }: Caller, action: string, resource: Resource): boolean {
  return roleAllows(user, action, resource) && scopeAllows(key, action, resource);
}

function roleAllows(user: User, action: string, { type, id, ownerId }: Resource): boolean {
  if (user.revoked.includes(`${type}:${action}`)) return false;
  if (type === 'template' && id !== undefined && user.templateAdminOf.includes(id)) return true;
  const rights = [...EVERYBODY, ...user.roles.flatMap(role => ROLES[role] ?? [])];
  if (ownerId === user.id) rights.push(...OVER_OWN);
  return rights.some(right => covers(right, type, action));
}
