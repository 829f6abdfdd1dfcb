import { httpFunction } from '../shared/api/http-function.ts';
import { TEMPLATE, TEMPLATE_REFUSALS, TemplatePath, templatesOf } from '../shared/api/templates.ts';
import { TemplateView, templateView } from '../shared/api/views/template.ts';

httpFunction('templates-get', {
  method: 'GET',
  route: 'templates/{organization}/{template}',
  role: 'Registries.Read',
  summary: 'Shows what a template of Coder v2 names, and what it is to name',
  path: TemplatePath,
  answers: { 200: { description: 'The template.', body: TemplateView, example: TEMPLATE } },
  refusals: ['not-found', ...TEMPLATE_REFUSALS],
  async answer({ path, signal }, services) {
    return { status: 200, jsonBody: templateView(await templatesOf(services).get(path, signal)) };
  },
});
