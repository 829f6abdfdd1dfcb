import { unknownRegistry } from '../shared/errors.ts';
import { REGISTRY } from '../shared/http/examples.ts';
import { httpFunction } from '../shared/http/http-function.ts';
import { RegistryPath } from '../shared/http/requests/paths.ts';
import { RegistryView, registryView } from '../shared/http/views/registry.ts';

httpFunction('registries-get', {
  method: 'GET',
  route: 'registries/{name}',
  role: 'Registries.Read',
  summary: 'Shows a registry',
  path: RegistryPath,
  answers: {
    200: {
      description: 'The registry.',
      body: RegistryView,
      headers: { etag: 'Its version.' },
      example: REGISTRY,
    },
  },
  refusals: ['not-found'],
  async answer({ path: { name } }, { registries }) {
    const registry = await registries.get(name);
    if (!registry) throw unknownRegistry(name);
    return { status: 200, headers: { etag: registry.etag }, jsonBody: registryView(registry) };
  },
});
