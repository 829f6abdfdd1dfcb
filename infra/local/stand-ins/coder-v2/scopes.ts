import type { CoderVersion } from './release.ts';
import type { Resource } from './resource.ts';
import type { ApiKey } from './state.ts';

/** Coder's names for several scopes at once. */
const COMPOSITE: Record<string, string[]> = {
  'coder:all': ['*:*'],
  all: ['*:*'],
  'coder:application_connect': ['workspace:application_connect'],
  'coder:apikeys.manage_self': ['api_key:read', 'api_key:create', 'api_key:update', 'api_key:delete'],
  'coder:templates.build': ['template:read', 'file:create', 'file:read', 'provisioner_jobs:read'],
  'coder:templates.author': [
    ...['template:read', 'template:create', 'template:update', 'template:delete', 'template:view_insights'],
    ...['file:create', 'file:read'],
  ],
  'coder:workspaces.create': [
    ...['template:read', 'template:use', 'workspace:create', 'workspace:update', 'workspace:read'],
    'organization_member:read',
  ],
  'coder:workspaces.operate': [
    ...['template:read', 'workspace:read', 'workspace:update', 'workspace:start', 'workspace:stop'],
    'organization_member:read',
  ],
  'coder:workspaces.delete': [
    ...['template:read', 'template:use', 'workspace:read', 'workspace:delete', 'organization_member:read'],
  ],
  'coder:workspaces.access': [
    'template:read',
    'workspace:read',
    'workspace:ssh',
    'workspace:application_connect',
  ],
};

/** Kinds of things that a scope may name, with what may be done to them. */
const SIMPLE: Record<string, string> = {
  api_key: 'create read update delete',
  audit_log: 'create read',
  file: 'create read',
  group: 'create read update delete',
  organization: 'create read update delete',
  organization_member: 'create read update delete',
  provisioner_daemon: 'create read update delete',
  provisioner_jobs: 'create read update',
  template: 'create read update delete use view_insights',
  user: 'create read update delete read_personal update_personal',
  workspace: 'create read update delete start stop ssh application_connect create_agent delete_agent share',
};

/** coder/coder since 2.32: without it a scoped token cannot create versions. */
const USER_READ_SINCE = 32;
const OWN_USER_ONLY = new Set(['user:read_personal', 'user:update_personal']);

export function isScope(scope: string, version: CoderVersion): boolean {
  if (Object.hasOwn(COMPOSITE, scope)) return true;
  const [type = '', action = ''] = scope.split(':');
  if (type === 'user' && !OWN_USER_ONLY.has(scope) && !version.isAtLeast(USER_READ_SINCE)) return false;
  const actions = Object.hasOwn(SIMPLE, type) ? SIMPLE[type]?.split(' ') : undefined;
  return actions !== undefined && (action === '*' || actions.includes(action));
}

/** Whether the token may be used for this, whatever its user may do. */
export function scopeAllows({ scopes, allowList }: ApiKey, action: string, { type, id }: Resource): boolean {
  const rights = scopes.flatMap(scope => COMPOSITE[scope] ?? [scope]);
  const isInScope = rights.some(right => covers(right, type, action));
  return isInScope && allowList.some(target => isListed(target, type, id));
}

/** Whether a right such as `template:*` holds the action. */
export function covers(right: string, type: string, action: string): boolean {
  const [of, may] = right.split(':');
  return (of === '*' || of === type) && (may === '*' || may === action);
}

/** An allow list is exclusive: what is not on it cannot be reached. */
function isListed(target: { type: string; id: string }, type: string, id: string | undefined): boolean {
  if (target.type !== '*' && target.type !== type) return false;
  return target.id === '*' || target.id === id;
}
