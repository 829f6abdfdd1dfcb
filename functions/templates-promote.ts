import { httpFunction } from '../shared/api/http-function.ts';
import { TEMPLATE, TEMPLATE_REFUSALS, TemplatePath, templatesOf } from '../shared/api/templates.ts';
import { TemplateView, templateView } from '../shared/api/views/template.ts';
import { imagesToLookAt } from '../shared/coder/v2/rollout.ts';
import { lookAgain } from '../shared/images/look-again.ts';

httpFunction('templates-promote', {
  method: 'POST',
  route: 'templates/{organization}/{template}/promote',
  role: 'Registries.Write',
  summary: 'Promotes the version of a template that is built and verified and waits for a person',
  path: TemplatePath,
  answers: { 200: { description: 'The template as it is now.', body: TemplateView, example: TEMPLATE } },
  refusals: ['not-found', 'nothing-to-promote', 'conflict', ...TEMPLATE_REFUSALS],
  async answer({ path, signal, log }, services) {
    const state = await templatesOf(services).promote(path, signal);
    await lookAgain(services, imagesToLookAt(state.rollout), signal, log);
    return { status: 200, jsonBody: templateView(state) };
  },
});
