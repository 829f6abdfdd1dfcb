import { agentView, isHealthy } from './agents.ts';
import type { CoderContext } from './context.ts';
import { jobView } from './job-view.ts';
import { userOf } from './lookup.ts';
import { matchedProvisioners } from './provisioners.ts';
import { PREBUILDS_USER_ID, type Template } from './state.ts';
import { type Build, latestBuild, type Workspace } from './workspace-state.ts';

const RUNNING = { start: 'starting', stop: 'stopping', delete: 'deleting' };
const SUCCEEDED = { start: 'running', stop: 'stopped', delete: 'deleted' };

export function buildStatus({ job, transition }: Build): string {
  if (job.status === 'running') return RUNNING[transition];
  return job.status === 'succeeded' ? SUCCEEDED[transition] : job.status;
}

export function workspaceView(context: CoderContext, workspace: Workspace): object {
  const { state, clock } = context;
  const template = state.templates.find(({ id }) => id === workspace.templateId) as Template;
  const { settings } = template;
  const build = latestBuild(workspace);
  const agents = build.resources.flatMap(resource => resource.agents);
  const failing = agents.filter(agent => !isHealthy(agent, clock.now())).map(({ id }) => id);
  return {
    id: workspace.id,
    created_at: workspace.createdAt.toISOString(),
    updated_at: workspace.updatedAt.toISOString(),
    owner_id: workspace.ownerId,
    owner_name: userOf(state, workspace.ownerId).username,
    owner_avatar_url: '',
    organization_id: state.organization.id,
    organization_name: state.organization.name,
    template_id: template.id,
    template_name: settings.name,
    template_display_name: settings.display_name,
    template_icon: settings.icon,
    template_allow_user_cancel_workspace_jobs: settings.allow_user_cancel_workspace_jobs,
    template_active_version_id: template.activeVersionId,
    template_require_active_version: settings.require_active_version,
    template_use_classic_parameter_flow: settings.use_classic_parameter_flow,
    latest_build: buildView(context, workspace, build),
    latest_app_status: null,
    outdated: build.versionId !== template.activeVersionId,
    name: workspace.name,
    ...(workspace.ttlMs !== undefined && { ttl_ms: workspace.ttlMs }),
    last_used_at: workspace.createdAt.toISOString(),
    health: { healthy: failing.length === 0, failing_agents: failing },
    automatic_updates: workspace.automaticUpdates,
    allow_renames: false,
    favorite: false,
    is_prebuild: workspace.ownerId === PREBUILDS_USER_ID,
  };
}

export function buildView({ state, clock }: CoderContext, workspace: Workspace, build: Build): object {
  const version = state.versions.find(({ id }) => id === build.versionId);
  const { job } = build;
  return {
    id: build.id,
    created_at: build.createdAt.toISOString(),
    updated_at: build.createdAt.toISOString(),
    workspace_id: workspace.id,
    workspace_name: workspace.name,
    workspace_owner_id: workspace.ownerId,
    workspace_owner_name: userOf(state, workspace.ownerId).username,
    workspace_owner_avatar_url: '',
    template_version_id: build.versionId,
    template_version_name: version?.name ?? '',
    build_number: build.number,
    transition: build.transition,
    initiator_id: build.initiatorId,
    initiator_name: userOf(state, build.initiatorId).username,
    job: jobView(state, workspace.organizationId, job, { workspace_build_id: build.id }),
    reason: build.reason,
    status: buildStatus(build),
    daily_cost: 0,
    template_version_preset_id: build.presetId ?? null,
    ...(job.status === 'pending' && {
      matched_provisioners: matchedProvisioners(state, job.tags, clock.now()),
    }),
    resources: build.resources.map(({ id, type, name, agents }) => ({
      ...{ id, job_id: job.id, workspace_transition: build.transition, type, name },
      created_at: build.createdAt.toISOString(),
      ...{ hide: false, icon: '', metadata: [], daily_cost: 0 },
      agents: agents.map(agent => agentView(agent, id, clock.now())),
    })),
  };
}
