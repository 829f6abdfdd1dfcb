import { app } from '@azure/functions';
import { endpoint } from '../shared/http/endpoint.ts';
import { parseInput } from '../shared/http/input.ts';
import { preconditionOf } from '../shared/http/precondition.ts';
import { deleteRegistry } from '../shared/put-registry.ts';
import { RegistryName } from '../shared/registry.ts';
import { getServices } from '../shared/services.ts';

app.http('registries-delete', {
  methods: ['DELETE'],
  route: 'registries/{name}',
  authLevel: 'function',
  handler: endpoint(getServices, async (request, services) => {
    const name = parseInput(RegistryName, request.params.name);
    await deleteRegistry(services, name, preconditionOf(request));
    return { status: 204 };
  }),
});
