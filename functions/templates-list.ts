import * as z from 'zod';
import { httpFunction } from '../shared/api/http-function.ts';
import { TEMPLATE, TEMPLATE_REFUSALS, templatesOf } from '../shared/api/templates.ts';
import { TemplateView, templateView } from '../shared/api/views/template.ts';

httpFunction('templates-list', {
  method: 'GET',
  route: 'templates',
  role: 'Registries.Read',
  summary: 'Lists the templates of Coder v2 that images go to',
  answers: {
    200: {
      description: 'Every template that a rule names.',
      body: z.strictObject({ items: z.array(TemplateView) }),
      example: { items: [TEMPLATE] },
    },
  },
  refusals: TEMPLATE_REFUSALS,
  async answer({ signal }, services) {
    const items = await templatesOf(services).list(signal);
    return { status: 200, jsonBody: { items: items.map(templateView) } };
  },
});
