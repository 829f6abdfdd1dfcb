import { httpFunction } from '../shared/http/http-function.ts';
import { TEMPLATE, TEMPLATE_REFUSALS, TemplatePath, templatesOf } from '../shared/http/templates.ts';
import { TemplateView, templateView } from '../shared/http/views/template.ts';

httpFunction('templates-promote', {
  method: 'POST',
  route: 'templates/{organization}/{template}/promote',
  role: 'Registries.Write',
  summary: 'Promotes the version of a template that is built and verified and waits for a person',
  path: TemplatePath,
  answers: { 200: { description: 'The template as it is now.', body: TemplateView, example: TEMPLATE } },
  refusals: ['not-found', 'nothing-to-promote', 'conflict', ...TEMPLATE_REFUSALS],
  async answer({ path, signal }, services) {
    return { status: 200, jsonBody: templateView(await templatesOf(services).promote(path, signal)) };
  },
});
