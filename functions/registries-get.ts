import { REGISTRY } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { RegistryPath } from '../shared/api/requests/paths.ts';
import { RegistryView, registryView } from '../shared/api/views/registry.ts';
import { unknownRegistry } from '../shared/errors.ts';

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
  async answer({ path: { name } }, { registries, summaries }) {
    const [registry, summary] = await Promise.all([registries.get(name), summaries.get(name)]);
    if (!registry) throw unknownRegistry(name);
    return { status: 200, headers: { etag: registry.etag }, jsonBody: registryView(registry, summary) };
  },
});
