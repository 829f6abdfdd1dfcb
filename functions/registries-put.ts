import { app } from '@azure/functions';
import { endpoint } from '../shared/http/endpoint.ts';
import { parseInput, RegistryPath, readJson } from '../shared/http/input.ts';
import { preconditionOf } from '../shared/http/precondition.ts';
import { registryView } from '../shared/http/views.ts';
import { putRegistry } from '../shared/put-registry.ts';
import { RegistryInput } from '../shared/registry.ts';
import { getServices } from '../shared/services.ts';

app.http('registries-put', {
  methods: ['PUT'],
  route: 'registries/{name}',
  authLevel: 'function',
  handler: endpoint(getServices, async (request, services, signal) => {
    const { name } = parseInput(RegistryPath, request.params);
    const input = await readJson(request, RegistryInput);
    const { registry, created } = await putRegistry(services, name, input, preconditionOf(request), signal);
    const headers = { etag: registry.etag, ...(created && { location: new URL(request.url).pathname }) };
    return { status: created ? 201 : 200, headers, jsonBody: registryView(registry) };
  }),
});
