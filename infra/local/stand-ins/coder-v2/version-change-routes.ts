import type { StandInResponse } from '../../stand-in-messages.ts';
import { parseBody, VersionPatch } from './bodies.ts';
import type { CoderContext, CoderRequest, CoderRoute } from './context.ts';
import { CoderError, forbidden } from './errors.ts';
import { findVersion, mayTemplate } from './lookup.ts';
import type { Version } from './state.ts';
import { versionView } from './version-view.ts';
import { latestBuild } from './workspace-state.ts';

/** What changes a version that is there. */
export function versionChangeRoutes(context: CoderContext): CoderRoute[] {
  const { clock, jobs } = context;
  const change = (
    method: string,
    path: string,
    apply: (version: Version, request: CoderRequest) => unknown,
  ): CoderRoute => ({
    method,
    path: `/templateversions/{}${path}`,
    handle(request): StandInResponse {
      const version = findVersion(context, request.caller, request.params[0]);
      const body = apply(version, request);
      // A bare text is sent as JSON too, in quotes.
      const isText = typeof body === 'string';
      return {
        status: 200,
        ...(isText && { headers: JSON_TYPE }),
        body: isText ? JSON.stringify(body) : body,
      };
    },
  });
  return [
    change('PATCH', '', (version, { caller, body }) => {
      if (!mayTemplate(caller, 'update', version.templateId)) throw forbidden();
      const { name, message } = parseBody(VersionPatch, body);
      if (name && name !== version.name && isTaken(context, version, name)) {
        throw new CoderError(400, `A template version with name "${name}" already exists for this template.`);
      }
      if (name) version.name = name;
      if (message !== undefined && message !== null) version.message = message;
      version.updatedAt = clock.now();
      return versionView(context, version);
    }),
    change('PATCH', '/cancel', (version, { caller }) => {
      if (!mayTemplate(caller, 'update', version.templateId)) throw forbidden();
      jobs.cancel(version.job);
      return { message: 'Job has been marked as canceled...' };
    }),
    change('POST', '/archive', (version, { caller }) => {
      if (version.archived) throw new CoderError(400, 'Template version already archived');
      const mayArchive = mayTemplate(caller, 'update', version.templateId);
      if (!mayArchive) throw archivingFailed('unauthorized: rbac: forbidden');
      if (!version.job.completedAt || isInUse(context, version)) throw archivingFailed(IN_USE);
      version.archived = true;
      return `template version "${version.id}" archived`;
    }),
    change('POST', '/unarchive', (version, { caller }) => {
      if (!version.archived) throw new CoderError(400, 'Template version not archived');
      if (!mayTemplate(caller, 'update', version.templateId)) {
        throw archivingFailed('unauthorized: rbac: forbidden');
      }
      version.archived = false;
      return `template version "${version.id}" unarchived`;
    }),
  ];
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const IN_USE =
  'Unable to archive specified version, the version is likely in use by a workspace or currently set to the active version';

function archivingFailed(detail: string): CoderError {
  return new CoderError(500, 'Internal error archiving template version.', { detail });
}

/** By a template as its active one, or by the latest build of a workspace that is not being deleted. */
export function isInUse({ state }: CoderContext, { id }: Version): boolean {
  if (state.templates.some(({ activeVersionId }) => activeVersionId === id)) return true;
  return state.workspaces.some(workspace => {
    const build = latestBuild(workspace);
    return build.versionId === id && build.transition !== 'delete';
  });
}

function isTaken({ state }: CoderContext, { templateId }: Version, name: string): boolean {
  return state.versions.some(version => version.templateId === templateId && version.name === name);
}
