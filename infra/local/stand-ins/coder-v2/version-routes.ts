import type { StandInResponse } from '../../stand-in-messages.ts';
import { NewVersion, parseBody } from './bodies.ts';
import type { CoderContext, CoderRequest, CoderRoute } from './context.ts';
import { createVersion } from './create-version.ts';
import { evaluateParameters } from './dynamic-parameters.ts';
import { CoderError } from './errors.ts';
import { logView } from './job-view.ts';
import { findOrganization, findVersion } from './lookup.ts';
import type { Version } from './state.ts';
import { newUuid } from './uuid.ts';
import { parameterView, presetViews, variableView, versionView } from './version-view.ts';

/** Creating versions, and reading them. */
export function versionRoutes(context: CoderContext): CoderRoute[] {
  const get = (path: string, show: (version: Version, request: CoderRequest) => unknown): CoderRoute => ({
    method: 'GET',
    path: `/templateversions/{}${path}`,
    handle: request => ok(show(findVersion(context, request.caller, request.params[0]), request)),
  });
  return [
    {
      method: 'POST',
      path: '/organizations/{}/templateversions',
      handle({ caller, params, body }) {
        findOrganization(context, caller, params[0]);
        const version = createVersion(context, caller, parseBody(NewVersion, body));
        return { status: 201, body: versionView(context, version) };
      },
    },
    get('', version => versionView(context, version)),
    get('/variables', version => {
      refuseUnfinished(version, 403, 'Template version job has not finished');
      return version.variables.map(variableView);
    }),
    get('/rich-parameters', version => {
      refuseImporting(version);
      return (version.plan?.parameters ?? []).map(parameterView);
    }),
    get('/external-auth', version => {
      refuseImporting(version);
      return [];
    }),
    get('/presets', presetViews),
    get('/resources', version => {
      refuseUnfinished(version, 412, "Template version import hasn't completed!");
      return resourceViews(version);
    }),
    get('/logs', ({ job }, { url }) => {
      const after = Number(url.searchParams.get('after') ?? 0);
      return job.logs.filter(({ id }) => id > after).map(logView);
    }),
    {
      method: 'POST',
      path: '/templateversions/{}/dynamic-parameters/evaluate',
      handle({ caller, params, body }) {
        const version = findVersion(context, caller, params[0]);
        refuseImporting(version);
        return ok(evaluateParameters(context, caller, version, body));
      },
    },
  ];
}

function ok(body: unknown): StandInResponse {
  return { status: 200, body };
}

/** @throws CoderError */
function refuseUnfinished({ job }: Version, status: number, message: string): void {
  if (!job.completedAt) throw new CoderError(status, message);
}

/** @throws CoderError 425 */
function refuseImporting(version: Version): void {
  refuseUnfinished(version, 425, 'Template version job has not finished');
}

function resourceViews({ plan, job }: Version): object[] {
  return (['start', 'stop'] as const).flatMap(transition =>
    (plan?.resources ?? []).map(({ type, name }) => ({
      ...{ id: newUuid(), job_id: job.id, workspace_transition: transition, type, name },
      created_at: job.createdAt.toISOString(),
      ...{ hide: false, icon: '', agents: [], metadata: [], daily_cost: 0 },
    })),
  );
}
