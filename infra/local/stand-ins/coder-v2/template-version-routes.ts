import * as z from 'zod';
import { parseBody } from './bodies.ts';
import type { CoderContext, CoderRoute } from './context.ts';
import { CoderError, forbidden } from './errors.ts';
import { findOrganization, findTemplate, findTemplateByName, mayTemplate } from './lookup.ts';
import type { Template, Version } from './state.ts';
import { isInUse } from './version-change-routes.ts';
import { versionView } from './version-view.ts';

/** The versions of one template. */
export function templateVersionRoutes(context: CoderContext): CoderRoute[] {
  const of = ({ id }: Template) => context.state.versions.filter(({ templateId }) => templateId === id);
  const byName = (template: Template, name: string | undefined): Version => {
    const version = of(template).find(candidate => candidate.name === name);
    if (!version) throw new CoderError(404, `No template version found by name "${name}".`);
    return version;
  };
  return [
    {
      method: 'GET',
      path: '/templates/{}/versions',
      handle({ caller, params, url }) {
        const versions = of(findTemplate(context, caller, params[0]));
        return { status: 200, body: page(versions, url.searchParams).map(one => versionView(context, one)) };
      },
    },
    {
      method: 'GET',
      path: '/templates/{}/versions/{}',
      handle({ caller, params }) {
        const version = byName(findTemplate(context, caller, params[0]), params[1]);
        return { status: 200, body: versionView(context, version) };
      },
    },
    {
      method: 'GET',
      path: '/organizations/{}/templates/{}/versions/{}',
      handle({ caller, params }) {
        findOrganization(context, caller, params[0]);
        const version = byName(findTemplateByName(context, caller, params[1]), params[2]);
        return { status: 200, body: versionView(context, version) };
      },
    },
    {
      method: 'GET',
      path: '/organizations/{}/templates/{}/versions/{}/previous',
      handle({ caller, params }) {
        findOrganization(context, caller, params[0]);
        const template = findTemplateByName(context, caller, params[1]);
        const previous = of(template)[of(template).indexOf(byName(template, params[2])) - 1];
        return previous ? { status: 200, body: versionView(context, previous) } : { status: 204 };
      },
    },
    {
      method: 'POST',
      path: '/templates/{}/versions/archive',
      handle({ caller, params, body }) {
        const template = findTemplate(context, caller, params[0]);
        if (!mayTemplate(caller, 'update', template.id)) throw forbidden();
        const { all } = parseBody(z.object({ all: z.boolean().nullish() }), body);
        const archived = of(template).filter(version => mayArchive(context, version, all === true));
        for (const version of archived) version.archived = true;
        return {
          status: 200,
          body: { template_id: template.id, archived_ids: archived.map(({ id }) => id) },
        };
      },
    },
  ];
}

/** Everybody's unused versions: only the failed ones, or all. */
function mayArchive(context: CoderContext, version: Version, all: boolean): boolean {
  if (version.archived || !version.job.completedAt || isInUse(context, version)) return false;
  return all || version.job.status === 'failed';
}

/** `limit`, `offset`, `after_id` and `include_archived`, oldest first. */
function page(versions: Version[], query: URLSearchParams): Version[] {
  const shown = versions.filter(({ archived }) => !archived || query.get('include_archived') === 'true');
  const after = query.get('after_id');
  const start = after === null ? 0 : shown.findIndex(({ id }) => id === after) + 1;
  const offset = start + Number(query.get('offset') ?? 0);
  const limit = Number(query.get('limit') ?? 0);
  return limit > 0 ? shown.slice(offset, offset + limit) : shown.slice(offset);
}
