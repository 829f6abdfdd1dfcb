import { randomUUID } from 'node:crypto';
import { newAgent, reportsOf } from './agents.ts';
import type { CoderContext } from './context.ts';
import { HclError } from './hcl/error.ts';
import { fail, log, newJob, succeed } from './jobs.ts';
import { userOf } from './lookup.ts';
import type { Version } from './state.ts';
import { type Plan, planTemplate } from './terraform/plan.ts';
import { type Build, latestBuild, type Workspace } from './workspace-state.ts';

export interface BuildOrder {
  version: Version;
  transition: Build['transition'];
  initiatorId: string;
  parameters: Record<string, string>;
  presetId?: string | undefined;
}

/** Lets a provisioner start, stop or delete the workspace. */
export function startBuild(context: CoderContext, workspace: Workspace, order: BuildOrder): Build {
  const { clock, jobs, switches } = context;
  const { version, transition, initiatorId, parameters, presetId } = order;
  const now = clock.now();
  const build: Build = {
    id: randomUUID(),
    number: workspace.builds.length + 1,
    workspaceId: workspace.id,
    versionId: version.id,
    ...{ transition, reason: 'initiator', initiatorId, parameters, createdAt: now },
    ...(presetId && { presetId }),
    job: newJob({
      type: 'workspace_build',
      ...{ initiatorId, fileId: version.job.fileId, tags: version.job.tags, createdAt: now },
    }),
    resources: [],
    images: [],
  };
  workspace.builds.push(build);
  workspace.updatedAt = now;
  jobs.add({
    job: build.job,
    durationMs: () => switches.buildMs,
    acquired: () => log(build.job, clock.now(), 'Starting workspace', 'Terraform 1.11.4'),
    finish: () => finishBuild(context, workspace, build, version),
  });
  return build;
}

/** Nothing is pulled for it: a build succeeds whatever its image is. */
function finishBuild(context: CoderContext, workspace: Workspace, build: Build, version: Version): void {
  const { clock, kubelet } = context;
  try {
    const plan = planBuild(context, workspace, build, version);
    if (build.transition === 'start') fillResources(build, plan, clock.now());
    if (build.transition === 'delete') workspace.deleted = true;
    succeed(build.job, clock.now());
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    fail(build.job, clock.now(), `terraform plan: ${error.message}`);
    return;
  }
  if (build.transition === 'start') {
    kubelet?.start({ workspaceId: workspace.id, images: build.images, agents: reportsOf(build, clock) });
  }
}

function planBuild(
  { state, templateIn }: CoderContext,
  workspace: Workspace,
  build: Build,
  version: Version,
): Plan {
  const owner = userOf(state, workspace.ownerId);
  return planTemplate(templateIn(version.job.fileId), version.variables, {
    workspace: { id: workspace.id, name: workspace.name, transition: build.transition },
    owner: { id: owner.id, name: owner.username, email: owner.email },
    parameters: build.parameters,
  });
}

/** Agents belong to the resource that runs them; the first one here. */
function fillResources(build: Build, plan: Plan, now: Date): void {
  const shown = plan.resources.filter(({ type }) => !type.startsWith('coder_'));
  build.images = plan.images;
  build.resources = shown.map(({ type, name }, at) => ({
    id: randomUUID(),
    type,
    name,
    agents: at === 0 ? plan.agents.map(agent => newAgent(agent, now)) : [],
  }));
}

/** Whether a provisioner is still at the latest build. */
export function isBuilding(workspace: Workspace): boolean {
  return !latestBuild(workspace).job.completedAt;
}
