import { NewTemplate, Promotion, parseBody, TemplatePatch } from './bodies.ts';
import type { CoderContext, CoderRoute } from './context.ts';
import { CoderError, forbidden } from './errors.ts';
import { findOrganization, findTemplate, findTemplateByName, findVersion, mayTemplate } from './lookup.ts';
import { promote } from './promote.ts';
import { templateView } from './template-view.ts';
import { createTemplate, deleteTemplate, listTemplates, patchTemplate } from './templates.ts';

export function templateRoutes(context: CoderContext): CoderRoute[] {
  return [
    {
      method: 'GET',
      path: '/templates',
      handle: ({ caller, url }) => ({
        status: 200,
        body: listTemplates(context, caller, url.searchParams.get('q')).map(one =>
          templateView(context, one),
        ),
      }),
    },
    {
      method: 'GET',
      path: '/organizations/{}/templates',
      handle({ caller, params, url }) {
        findOrganization(context, caller, params[0]);
        const templates = listTemplates(context, caller, url.searchParams.get('q'));
        return { status: 200, body: templates.map(one => templateView(context, one)) };
      },
    },
    {
      method: 'POST',
      path: '/organizations/{}/templates',
      handle({ caller, params, body }) {
        findOrganization(context, caller, params[0]);
        const request = parseBody(NewTemplate, body);
        if (!mayTemplate(caller, 'create', undefined)) throw forbidden();
        const version = findVersion(context, caller, request.template_version_id);
        return {
          status: 201,
          body: templateView(context, createTemplate(context, caller, version, request)),
        };
      },
    },
    {
      method: 'GET',
      path: '/organizations/{}/templates/{}',
      handle({ caller, params }) {
        findOrganization(context, caller, params[0]);
        return { status: 200, body: templateView(context, findTemplateByName(context, caller, params[1])) };
      },
    },
    {
      method: 'GET',
      path: '/templates/{}',
      handle: ({ caller, params }) => ({
        status: 200,
        body: templateView(context, findTemplate(context, caller, params[0])),
      }),
    },
    {
      method: 'PATCH',
      path: '/templates/{}',
      handle({ caller, params, body }) {
        const template = findTemplate(context, caller, params[0]);
        if (!mayTemplate(caller, 'update', template.id)) throw forbidden();
        patchTemplate(context, template, parseBody(TemplatePatch, body));
        return { status: 200, body: templateView(context, template) };
      },
    },
    {
      method: 'DELETE',
      path: '/templates/{}',
      handle({ caller, params }) {
        const template = findTemplate(context, caller, params[0]);
        if (!mayTemplate(caller, 'delete', template.id)) throw forbidden();
        deleteTemplate(context, template);
        return { status: 200, body: { message: 'Template has been deleted!' } };
      },
    },
    {
      method: 'PATCH',
      path: '/templates/{}/versions',
      handle({ caller, params, body }) {
        const template = findTemplate(context, caller, params[0]);
        promote(context, caller, template, parseBody(Promotion, body).id);
        return { status: 200, body: { message: 'Updated the active template version!' } };
      },
    },
    {
      method: 'POST',
      path: '/templates/{}/prebuilds/invalidate',
      handle({ caller, params }) {
        findTemplate(context, caller, params[0]);
        if (!context.switches.licensed) {
          throw new CoderError(403, 'Workspace Prebuilds is a Premium feature. Contact sales!');
        }
        return { status: 200, body: { invalidated: [] } };
      },
    },
  ];
}
