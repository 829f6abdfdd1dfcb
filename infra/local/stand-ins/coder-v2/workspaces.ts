import { randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { type NewBuild, type NewWorkspace, valuesIn } from './bodies.ts';
import { isBuilding, startBuild } from './builds.ts';
import type { Caller, CoderContext } from './context.ts';
import { CoderError, forbidden, notFound } from './errors.ts';
import { activeVersion, findTemplate, findVersion, mayTemplate, userOf } from './lookup.ts';
import { findPrebuild } from './prebuilds.ts';
import { allowed } from './rights.ts';
import type { Template, User, Version } from './state.ts';
import { fillParameters } from './workspace-parameters.ts';
import { type Build, latestBuild, type Workspace } from './workspace-state.ts';

/** Makes a workspace for the owner, or gives them a prebuilt one. The order of the checks is Coder's. */
export function createWorkspace(
  context: CoderContext,
  caller: Caller,
  owner: User,
  request: z.infer<typeof NewWorkspace>,
): Workspace {
  const { state, clock } = context;
  const { template, version } = wantedVersion(context, caller, request);
  refuseCreation(context, caller, owner, template, request.name);
  refuseUnusable(version);
  const sent = valuesIn(
    presetValues(version, request.template_version_preset_id, request.rich_parameter_values),
  );
  const parameters = fillParameters(context, version, owner, sent, {});
  const now = clock.now();
  const prebuilt = findPrebuild(context, version, request.template_version_preset_id);
  const workspace: Workspace = prebuilt ?? {
    id: randomUUID(),
    ...{ organizationId: state.organization.id, templateId: template.id, createdAt: now, updatedAt: now },
    ...{ name: request.name, ownerId: owner.id, automaticUpdates: 'never', deleted: false, builds: [] },
  };
  if (!prebuilt) state.workspaces.push(workspace);
  Object.assign(workspace, { name: request.name, ownerId: owner.id });
  workspace.automaticUpdates = request.automatic_updates ?? 'never';
  if (request.ttl_ms) workspace.ttlMs = request.ttl_ms;
  const presetId = request.template_version_preset_id ?? undefined;
  startBuild(context, workspace, {
    ...{ version, transition: 'start', initiatorId: caller.user.id, parameters, presetId },
  });
  return workspace;
}

/** @throws CoderError 404 */
function wantedVersion(
  context: CoderContext,
  caller: Caller,
  { template_id, template_version_id }: z.infer<typeof NewWorkspace>,
): { template: Template; version: Version } {
  if (template_version_id) {
    const version = findVersion(context, caller, template_version_id);
    return { version, template: findTemplate(context, caller, version.templateId) };
  }
  const template = findTemplate(context, caller, template_id ?? undefined);
  return { template, version: activeVersion(context.state, template) };
}

/** @throws CoderError */
function refuseCreation(
  { state }: CoderContext,
  caller: Caller,
  owner: User,
  template: Template,
  name: string,
): void {
  const { name: templateName } = template.settings;
  if (!allowed(caller, 'create', { type: 'workspace', ownerId: owner.id })) {
    throw new CoderError(403, 'Unauthorized to create workspace.');
  }
  if (!mayTemplate(caller, 'use', template.id)) {
    throw new CoderError(403, `Unauthorized access to use the template "${templateName}".`);
  }
  if (template.deprecationMessage !== '') {
    const problem = 'has been deprecated, and cannot be used to create a new workspace.';
    throw new CoderError(400, `Template "${templateName}" ${problem}`, {
      detail: template.deprecationMessage,
    });
  }
  if (state.workspaces.some(one => one.ownerId === owner.id && one.name === name && !one.deleted)) {
    throw new CoderError(409, `Workspace "${name}" already exists.`, {
      validations: [{ field: 'name', detail: 'This value is already in use and should be unique.' }],
    });
  }
}

/** @throws CoderError for a version that was not imported, or is archived */
function refuseUnusable({ name, job, archived }: Version): void {
  if (!job.completedAt) {
    throw new CoderError(
      406,
      `The provided template version is ${job.status}. Wait for it to complete importing!`,
    );
  }
  if (job.status !== 'succeeded') {
    throw new CoderError(
      400,
      `The provided template version "${name}" has failed to import. You cannot build workspaces with it!`,
    );
  }
  if (archived) throw new CoderError(500, 'Archived template versions cannot be used to make a workspace.');
}

type Values = z.infer<typeof NewWorkspace>['rich_parameter_values'];

/** The values of the request, under those of the preset. */
function presetValues(version: Version, presetId: string | null | undefined, sent: Values): Values {
  const preset = version.plan?.presets[version.presetIds.indexOf(presetId ?? '')];
  return [...(sent ?? []), ...(preset?.parameters ?? [])];
}

/** Starts, stops or deletes a workspace. @throws CoderError */
export function buildWorkspace(
  context: CoderContext,
  caller: Caller,
  workspace: Workspace,
  request: z.infer<typeof NewBuild>,
): Build {
  const { transition, template_version_id, orphan } = request;
  const right = transition === 'delete' ? 'delete' : 'update';
  if (!allowed(caller, right, { type: 'workspace', id: workspace.id, ownerId: workspace.ownerId }))
    throw forbidden();
  if (orphan && !mayTemplate(caller, 'update', workspace.templateId)) throw forbidden();
  if (isBuilding(workspace)) throw new CoderError(409, 'A workspace build is already active.');
  const { versionId, parameters: before } = latestBuild(workspace);
  const version = findVersion(
    context,
    caller,
    template_version_id ?? nextVersionId(context, workspace, versionId),
  );
  const isStart = transition === 'start';
  if (isStart) refuseUnusable(version);
  const owner = userOf(context.state, workspace.ownerId);
  const sent = valuesIn(request.rich_parameter_values);
  const parameters = isStart ? fillParameters(context, version, owner, sent, before) : before;
  return startBuild(context, workspace, { version, transition, initiatorId: caller.user.id, parameters });
}

/** The version that it has, unless its owner wants every new one. */
function nextVersionId({ state }: CoderContext, workspace: Workspace, own: string): string {
  const template = state.templates.find(({ id }) => id === workspace.templateId);
  return workspace.automaticUpdates === 'always' ? (template?.activeVersionId ?? own) : own;
}

/** @throws CoderError 404, or 410 for a deleted one */
export function findWorkspace({ state }: CoderContext, caller: Caller, id: string | undefined): Workspace {
  const workspace = state.workspaces.find(candidate => candidate.id === id);
  if (!workspace || !mayRead(caller, workspace)) throw notFound();
  if (!workspace.deleted) return workspace;
  const hint = `you can view this workspace by specifying '?include_deleted=true' and trying again.`;
  throw new CoderError(410, `Workspace "${workspace.id}" was deleted, ${hint}`);
}

export function mayRead(caller: Caller, { id, ownerId }: Workspace): boolean {
  return allowed(caller, 'read', { type: 'workspace', id, ownerId });
}
