import type { Caller, CoderContext } from './context.ts';
import { userOf } from './lookup.ts';
import { readQuery, type Term } from './query.ts';
import type { Template } from './state.ts';
import { latestBuild, type Workspace } from './workspace-state.ts';
import { buildStatus } from './workspace-view.ts';
import { mayRead } from './workspaces.ts';

const KEYS = ['owner', 'template', 'name', 'status', 'outdated', 'param', 'organization'];

/** Deleted workspaces are never found. @throws CoderError 400 */
export function searchWorkspaces(context: CoderContext, caller: Caller, query: string | null): Workspace[] {
  const terms = readQuery(query, 'workspace', KEYS, 'name');
  return context.state.workspaces.filter(
    workspace =>
      !workspace.deleted &&
      mayRead(caller, workspace) &&
      terms.every(term => fits(context, caller, workspace, term)),
  );
}

function fits(context: CoderContext, caller: Caller, workspace: Workspace, { key, value }: Term): boolean {
  const { state } = context;
  const template = state.templates.find(({ id }) => id === workspace.templateId) as Template;
  const build = latestBuild(workspace);
  switch (key) {
    case 'owner':
      return (
        userOf(state, workspace.ownerId).username.toLowerCase() ===
        (value === 'me' ? caller.user.username : value)
      );
    case 'template':
      return template.settings.name.toLowerCase() === value;
    case 'status':
      return buildStatus(build) === value;
    case 'outdated':
      return String(build.versionId !== template.activeVersionId) === value;
    case 'param':
      return hasParameter(build.parameters, value);
    case 'organization':
      return value === state.organization.id || value === state.organization.name;
    default:
      return workspace.name.toLowerCase().includes(value);
  }
}

/** `name=value`, or only a name. */
function hasParameter(parameters: Record<string, string>, text: string): boolean {
  const [wanted = '', ...rest] = text.split('=');
  return Object.entries(parameters).some(
    ([name, value]) =>
      name.toLowerCase() === wanted && (rest.length === 0 || value.toLowerCase() === rest.join('=')),
  );
}
