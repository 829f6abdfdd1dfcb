import { type Verdict, wrong } from '../../lib/check.ts';
import type { RightToCheck, V2Client } from './client.ts';
import type { CoderTemplate } from './schema.ts';

/** Whether the token may do what the rules ask of a template; undefined when it may. @throws ServiceError */
export async function checkRights(
  coder: V2Client,
  { id, name, organization_id }: CoderTemplate,
  { hasCanary, isCatalog }: { hasCanary: boolean; isCatalog: boolean },
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const workspace = { resource_type: 'workspace', organization_id, owner_id: 'me' };
  const object = { resource_type: 'template', organization_id, resource_id: id };
  const checks: Record<string, RightToCheck> = {
    'template:read': { object, action: 'read' },
    'template:create': { object, action: 'create' },
    'template:update': { object, action: 'update' },
    ...(isCatalog && {
      'workspace:read': { object: { resource_type: 'workspace', organization_id }, action: 'read' },
    }),
    ...(hasCanary && {
      'workspace:create': { object: workspace, action: 'create' },
      'workspace:delete': { object: workspace, action: 'delete' },
    }),
  };
  const rights = await coder.authCheck(checks, signal);
  const lacking = Object.keys(checks).filter(action => !rights[action]);
  if (lacking.length === 0) return undefined;
  return wrong(
    'coder-right-missing',
    `The token lacks ${lacking.join(', ')} on ${name}.`,
    `Give the bridge's user the role: coder organizations members edit-roles USER organization-template-admin\nWith a licence the role admin on the template alone is enough. A token with scopes needs template:read, template:create, template:update, organization:read and user:read.${isCatalog ? ' For a catalog it also needs workspace:read.' : ''}${hasCanary ? CANARY_NEEDS : ''}`,
  );
}

const CANARY_NEEDS =
  ' For the canary a token with scopes also needs coder:workspaces.create and coder:workspaces.delete, and a user in an organization whose members may not create workspaces the role organization-workspace-access.';
