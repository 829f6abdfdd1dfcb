import { randomUUID } from 'node:crypto';
import { isBuilding, startBuild } from './builds.ts';
import type { CoderContext } from './context.ts';
import { activeVersion } from './lookup.ts';
import { PREBUILDS_USER_ID, type Template, type Version } from './state.ts';
import type { Preset } from './terraform/presets.ts';
import { latestBuild, type Workspace } from './workspace-state.ts';

/** Deletes the unclaimed workspaces of other versions, and starts as many as the active version asks for. */
export function replacePrebuilds(context: CoderContext, template: Template): void {
  const { state, switches } = context;
  if (!switches.licensed) return;
  const active = activeVersion(state, template);
  for (const workspace of unclaimed(context, template.id)) {
    if (latestBuild(workspace).versionId !== active.id) deletePrebuild(context, workspace);
  }
  active.plan?.presets.forEach((preset, at) => {
    const presetId = active.presetIds[at] as string;
    const there = unclaimed(context, template.id).filter(one => latestBuild(one).presetId === presetId);
    for (let count = there.length; count < (preset.prebuilds ?? 0); count += 1) {
      startPrebuild(context, template, active, preset, presetId);
    }
  });
}

function unclaimed({ state }: CoderContext, templateId: string): Workspace[] {
  return state.workspaces.filter(
    workspace =>
      workspace.ownerId === PREBUILDS_USER_ID && workspace.templateId === templateId && !workspace.deleted,
  );
}

function deletePrebuild(context: CoderContext, workspace: Workspace): void {
  const last = latestBuild(workspace);
  const version = context.state.versions.find(({ id }) => id === last.versionId);
  if (!version || last.transition === 'delete') return;
  startBuild(context, workspace, {
    ...{ version, transition: 'delete', initiatorId: PREBUILDS_USER_ID, parameters: last.parameters },
    presetId: last.presetId,
  });
}

function startPrebuild(
  context: CoderContext,
  template: Template,
  version: Version,
  preset: Preset,
  presetId: string,
): void {
  const { state, clock } = context;
  const now = clock.now();
  const workspace: Workspace = {
    id: randomUUID(),
    name: `prebuild-${randomUUID().slice(0, 8)}`,
    ownerId: PREBUILDS_USER_ID,
    organizationId: state.organization.id,
    templateId: template.id,
    createdAt: now,
    updatedAt: now,
    automaticUpdates: 'never',
    deleted: false,
    builds: [],
  };
  state.workspaces.push(workspace);
  const parameters = Object.fromEntries(preset.parameters.map(({ name, value }) => [name, value]));
  startBuild(context, workspace, {
    ...{ version, transition: 'start', initiatorId: PREBUILDS_USER_ID, parameters, presetId },
  });
}

/** A prebuilt workspace that runs, for a request that names its version and preset. */
export function findPrebuild(
  context: CoderContext,
  version: Version,
  presetId: string | null | undefined,
): Workspace | undefined {
  if (!presetId || !version.templateId) return undefined;
  return unclaimed(context, version.templateId).find(workspace => {
    const { versionId, presetId: own, transition } = latestBuild(workspace);
    return versionId === version.id && own === presetId && transition === 'start' && !isBuilding(workspace);
  });
}
