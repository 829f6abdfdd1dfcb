import type { Caller, CoderContext } from './context.ts';
import { CoderError, unauthorizedWrite } from './errors.ts';
import { mayTemplate } from './lookup.ts';
import { replacePrebuilds } from './prebuilds.ts';
import type { Template, Version } from './state.ts';

/** Makes a version the active one. The order of the checks is Coder's; the right comes last. @throws CoderError */
export function promote(context: CoderContext, caller: Caller, template: Template, versionId: string): void {
  const version = context.state.versions.find(({ id }) => id === versionId);
  if (!version) throw new CoderError(404, 'Template version not found.');
  if (version.templateId !== template.id) {
    throw new CoderError(400, "The provided template version doesn't belong to the specified template.");
  }
  if (version.job.status !== 'succeeded') throw notBuilt(version);
  if (version.archived) throw new CoderError(400, 'The provided template version is archived.');
  if (!mayTemplate(caller, 'update', template.id)) {
    throw unauthorizedWrite('Internal error updating active template version.', 'update active version');
  }
  activate(context, template, version);
}

/** Workspaces stay as they are; unclaimed prebuilt ones are replaced. */
export function activate(context: CoderContext, template: Template, version: Version): void {
  template.activeVersionId = version.id;
  template.updatedAt = context.clock.now();
  replacePrebuilds(context, template);
}

function notBuilt({ job }: Version): CoderError {
  const builds = job.completedAt ? 'a failed build' : 'a build that has not finished';
  return new CoderError(403, 'Only versions that have been built successfully can be promoted.', {
    detail: `Attempted to promote a version with ${builds}`,
  });
}
