import { app } from '@azure/functions';
import { endpoint } from '../shared/http/endpoint.ts';
import { parseInput, RegistryPath } from '../shared/http/input.ts';
import { registryView } from '../shared/http/views.ts';
import { unknownRegistry } from '../shared/refused.ts';
import { getServices } from '../shared/services.ts';

app.http('registries-get', {
  methods: ['GET'],
  route: 'registries/{name}',
  authLevel: 'function',
  handler: endpoint(getServices, async (request, { registries }) => {
    const { name } = parseInput(RegistryPath, request.params);
    const registry = await registries.get(name);
    if (!registry) throw unknownRegistry(name);
    return { status: 200, headers: { etag: registry.etag }, jsonBody: registryView(registry) };
  }),
});
