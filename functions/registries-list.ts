import { REGISTRY } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { PageQuery } from '../shared/api/requests/queries.ts';
import { pageOf } from '../shared/api/views/page.ts';
import { RegistryView, registryView } from '../shared/api/views/registry.ts';

httpFunction('registries-list', {
  method: 'GET',
  route: 'registries',
  role: 'Registries.Read',
  summary: 'Lists the registries',
  query: PageQuery,
  answers: {
    200: { description: 'A page of them.', body: pageOf(RegistryView), example: { items: [REGISTRY] } },
  },
  async answer({ query }, { registries }) {
    const { items, ...next } = await registries.list(query);
    return { status: 200, jsonBody: { items: items.map(registryView), ...next } };
  },
});
