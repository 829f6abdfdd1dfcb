import { agentLogViews } from './agents.ts';
import { AutomaticUpdates, NewBuild, NewWorkspace, parseBody } from './bodies.ts';
import type { Caller, CoderContext, CoderRoute } from './context.ts';
import { notFound } from './errors.ts';
import { logView } from './job-view.ts';
import { findUser } from './lookup.ts';
import { searchWorkspaces } from './workspace-search.ts';
import type { Build, Workspace } from './workspace-state.ts';
import { buildView, workspaceView } from './workspace-view.ts';
import { buildWorkspace, createWorkspace, findWorkspace, mayRead } from './workspaces.ts';

export function workspaceRoutes(context: CoderContext): CoderRoute[] {
  const { state, clock, jobs } = context;
  return [
    {
      method: 'POST',
      path: '/users/{}/workspaces',
      handle({ caller, params, body }) {
        const owner = findUser(context, caller, params[0]);
        const workspace = createWorkspace(context, caller, owner, parseBody(NewWorkspace, body));
        return { status: 201, body: workspaceView(context, workspace) };
      },
    },
    {
      method: 'GET',
      path: '/users/{}/workspace/{}',
      handle({ caller, params }) {
        const owner = findUser(context, caller, params[0]);
        const workspace = state.workspaces.find(
          ({ ownerId, name, deleted }) => ownerId === owner.id && name === params[1] && !deleted,
        );
        if (!workspace || !mayRead(caller, workspace)) throw notFound();
        return { status: 200, body: workspaceView(context, workspace) };
      },
    },
    {
      method: 'GET',
      path: '/workspaces',
      handle({ caller, url }) {
        const found = searchWorkspaces(context, caller, url.searchParams.get('q'));
        const offset = Number(url.searchParams.get('offset') ?? 0);
        const limit = Number(url.searchParams.get('limit') ?? 0) || found.length;
        const shown = found.slice(offset, offset + limit);
        const workspaces = shown.map(workspace => workspaceView(context, workspace));
        return { status: 200, body: { workspaces, count: found.length } };
      },
    },
    {
      method: 'GET',
      path: '/workspaces/{}',
      handle: ({ caller, params }) => ({
        status: 200,
        body: workspaceView(context, findWorkspace(context, caller, params[0])),
      }),
    },
    {
      method: 'GET',
      path: '/workspaces/{}/builds',
      handle({ caller, params }) {
        const workspace = findWorkspace(context, caller, params[0]);
        const builds = [...workspace.builds].reverse();
        return { status: 200, body: builds.map(build => buildView(context, workspace, build)) };
      },
    },
    {
      method: 'POST',
      path: '/workspaces/{}/builds',
      handle({ caller, params, body }) {
        const workspace = findWorkspace(context, caller, params[0]);
        const build = buildWorkspace(context, caller, workspace, parseBody(NewBuild, body));
        return { status: 201, body: buildView(context, workspace, build) };
      },
    },
    {
      method: 'PUT',
      path: '/workspaces/{}/autoupdates',
      handle({ caller, params, body }) {
        const workspace = findWorkspace(context, caller, params[0]);
        workspace.automaticUpdates = parseBody(AutomaticUpdates, body).automatic_updates;
        workspace.updatedAt = clock.now();
        return { status: 204 };
      },
    },
    {
      method: 'GET',
      path: '/workspacebuilds/{}',
      handle({ caller, params }) {
        const { workspace, build } = findBuild(context, caller, params[0]);
        return { status: 200, body: buildView(context, workspace, build) };
      },
    },
    {
      method: 'PATCH',
      path: '/workspacebuilds/{}/cancel',
      handle({ caller, params }) {
        jobs.cancel(findBuild(context, caller, params[0]).build.job);
        return { status: 200, body: { message: 'Job has been marked as canceled...' } };
      },
    },
    {
      method: 'GET',
      path: '/workspacebuilds/{}/logs',
      handle({ caller, params, url }) {
        const after = Number(url.searchParams.get('after') ?? 0);
        const { logs } = findBuild(context, caller, params[0]).build.job;
        return { status: 200, body: logs.filter(({ id }) => id > after).map(logView) };
      },
    },
    {
      method: 'GET',
      path: '/workspaceagents/{}/logs',
      handle({ caller, params }) {
        const builds = state.workspaces.filter(one => mayRead(caller, one)).flatMap(one => one.builds);
        const agents = builds.flatMap(build => build.resources.flatMap(resource => resource.agents));
        const agent = agents.find(({ id }) => id === params[0]);
        if (!agent) throw notFound();
        return { status: 200, body: agentLogViews(agent) };
      },
    },
  ];
}

/** @throws CoderError 404 */
function findBuild(
  { state }: CoderContext,
  caller: Caller,
  id: string | undefined,
): { workspace: Workspace; build: Build } {
  for (const workspace of state.workspaces.filter(one => mayRead(caller, one))) {
    const build = workspace.builds.find(candidate => candidate.id === id);
    if (build) return { workspace, build };
  }
  throw notFound();
}
