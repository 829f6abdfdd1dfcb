import { app } from '@azure/functions';
import { endpoint } from '../shared/http/endpoint.ts';
import { PageQuery, readQuery } from '../shared/http/input.ts';
import { registryView } from '../shared/http/views.ts';
import { getServices } from '../shared/services.ts';

app.http('registries-list', {
  methods: ['GET'],
  route: 'registries',
  authLevel: 'function',
  handler: endpoint(getServices, async (request, { registries }) => {
    const { items, ...next } = await registries.list(readQuery(request, PageQuery));
    return { status: 200, jsonBody: { items: items.map(registryView), ...next } };
  }),
});
