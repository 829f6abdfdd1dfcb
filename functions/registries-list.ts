import { REGISTRY } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { PageQuery } from '../shared/api/requests/queries.ts';
import { pageOf } from '../shared/api/views/page.ts';
import { RegistryView, registryView } from '../shared/api/views/registry.ts';
import type { Summary } from '../shared/records/summary.ts';

httpFunction('registries-list', {
  method: 'GET',
  route: 'registries',
  role: 'Registries.Read',
  summary: 'Lists the registries',
  query: PageQuery,
  answers: {
    200: { description: 'A page of them.', body: pageOf(RegistryView), example: { items: [REGISTRY] } },
  },
  async answer({ query }, { registries, summaries }) {
    const { items, ...next } = await registries.list(query);
    const counted = new Map<string, Summary>();
    for await (const summary of summaries.each()) counted.set(summary.registry, summary);
    const views = items.map(registry => registryView(registry, counted.get(registry.name)));
    return { status: 200, jsonBody: { items: views, ...next } };
  },
});
