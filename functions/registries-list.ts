import { REGISTRY } from '../shared/http/examples.ts';
import { httpFunction } from '../shared/http/http-function.ts';
import { PageQuery } from '../shared/http/requests/queries.ts';
import { pageOf } from '../shared/http/views/page.ts';
import { RegistryView, registryView } from '../shared/http/views/registry.ts';

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
