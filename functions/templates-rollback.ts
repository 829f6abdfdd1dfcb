import * as z from 'zod';
import { httpFunction } from '../shared/api/http-function.ts';
import { TEMPLATE, TEMPLATE_REFUSALS, TemplatePath, templatesOf } from '../shared/api/templates.ts';
import { TemplateView, templateView } from '../shared/api/views/template.ts';
import { imagesToLookAt } from '../shared/coder/v2/rollout.ts';
import { lookAgain } from '../shared/images/look-again.ts';

httpFunction('templates-rollback', {
  method: 'POST',
  route: 'templates/{organization}/{template}/rollback',
  role: 'Registries.Write',
  summary: 'Promotes the version of a template that was active before, and holds what was active',
  description:
    'Without `to` it is the version that was active before the active one. A held value stays away until another digest is pushed, or its image is replayed.',
  path: TemplatePath,
  query: z.strictObject({
    to: z.string().max(64).optional().describe('Name or id of the version to promote.'),
  }),
  answers: { 200: { description: 'The template as it is now.', body: TemplateView, example: TEMPLATE } },
  refusals: ['not-found', ...TEMPLATE_REFUSALS],
  async answer({ path, query: { to }, signal, log }, services) {
    const state = await templatesOf(services).rollBack(path, to, signal);
    await lookAgain(services, imagesToLookAt(state.rollout), signal, log);
    return { status: 200, jsonBody: templateView(state) };
  },
});
