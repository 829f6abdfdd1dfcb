import { ADDING_REFUSALS } from '../shared/api/adding-refusals.ts';
import { CREDENTIAL, DECLARED, REGISTRY } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { PRECONDITION_HEADERS, preconditionOf } from '../shared/api/precondition.ts';
import { RegistryBody } from '../shared/api/requests/bodies.ts';
import { RegistryPath } from '../shared/api/requests/paths.ts';
import { RegistryView, registryView } from '../shared/api/views/registry.ts';
import { putRegistry } from '../shared/registries/put.ts';

const etag = 'The ETag of the registry, for the If-Match of a later change.';

httpFunction('registries-put', {
  method: 'PUT',
  route: 'registries/{name}',
  role: 'Registries.Write',
  summary: 'Adds or changes a registry',
  description: 'Sending the same body again changes nothing. Leave the password out to keep the stored one.',
  path: RegistryPath,
  body: RegistryBody,
  examples: {
    static: { ...DECLARED, credential: CREDENTIAL },
    'managed-identity': { ...DECLARED, credential: { kind: 'managed-identity' } },
    kubernetes: {
      ...{ ...DECLARED, credential: { kind: 'token' } },
      delivery: {
        ...{ kind: 'kubernetes', server: 'https://NAME.hcp.REGION.azmk8s.io' },
        ...{ namespaces: ['coder'], secret: 'contoso-pull' },
      },
    },
  },
  headers: PRECONDITION_HEADERS,
  answers: {
    200: {
      description: 'It was changed, or needed no change.',
      body: RegistryView,
      headers: { etag },
      example: REGISTRY,
    },
    201: {
      description: 'It was added.',
      body: RegistryView,
      headers: { etag, location: 'Its path.' },
      example: REGISTRY,
    },
  },
  refusals: ['precondition-failed', 'credential-kind-fixed', ...ADDING_REFUSALS],
  async answer({ path: { name }, body, request, signal, log }, services) {
    const { registry, created } = await putRegistry(
      services,
      name,
      body,
      preconditionOf(request),
      signal,
      log,
    );
    const headers = { etag: registry.etag, ...(created && { location: new URL(request.url).pathname }) };
    return { status: created ? 201 : 200, headers, jsonBody: registryView(registry) };
  },
});
