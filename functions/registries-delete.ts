import { app } from '@azure/functions';
import { deleteRegistry } from '../shared/delete-registry.ts';
import { endpoint } from '../shared/http/endpoint.ts';
import { parseInput, RegistryPath } from '../shared/http/input.ts';
import { preconditionOf } from '../shared/http/precondition.ts';
import { getServices } from '../shared/services.ts';

app.http('registries-delete', {
  methods: ['DELETE'],
  route: 'registries/{name}',
  authLevel: 'function',
  handler: endpoint(getServices, async (request, services) => {
    const { name } = parseInput(RegistryPath, request.params);
    await deleteRegistry(services, name, preconditionOf(request));
    return { status: 204 };
  }),
});
