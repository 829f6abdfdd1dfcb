import * as z from 'zod';
import { VAULT_REFUSALS } from '../shared/api/adding-refusals.ts';
import { CREDENTIAL } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { RegistryPath } from '../shared/api/requests/paths.ts';
import { DockerConfig, dockerConfig } from '../shared/credentials/docker-config.ts';
import { servesUntil } from '../shared/credentials/renewal.ts';
import { giveCredential } from '../shared/registries/give.ts';

const CredentialView = z.strictObject({
  loginServer: z.string(),
  username: z.string(),
  password: z.string(),
  expiresOn: z.iso
    .datetime()
    .optional()
    .describe(
      'Until when it serves: it ends then, or the bridge has replaced it. Absent when neither is known.',
    ),
});

const FORMATS = ['login', 'dockerconfigjson'] as const;

httpFunction('registries-credentials', {
  method: 'GET',
  route: 'registries/{name}/credentials',
  role: 'Credentials.Read',
  summary: 'Gives the credential of Coder',
  description:
    'With `format=dockerconfigjson`, as the content of a Kubernetes secret of that type. The header `Expires` says until when it serves: get it again before that, and after each rotation.',
  noStore: true,
  path: RegistryPath,
  query: z.strictObject({
    format: z.enum(FORMATS, `must be one of ${FORMATS.join(', ')}`).default('login'),
  }),
  answers: {
    200: {
      description: 'Input for `docker login`, or a docker configuration.',
      body: z.union([CredentialView, DockerConfig]),
      headers: {
        'cache-control': '`no-store`',
        expires: 'Until when the credential serves, as an HTTP date; absent when that is not known.',
      },
      example: {
        loginServer: 'contoso.azurecr.io',
        username: CREDENTIAL.username,
        password: CREDENTIAL.password,
      },
    },
  },
  refusals: ['not-found', 'no-credential-to-give', 'credential-not-ready', ...VAULT_REFUSALS],
  async answer({ path: { name }, query: { format }, caller, log }, services) {
    const { registry, login } = await giveCredential(services, name);
    const { loginServer } = registry;
    log.info('credential read', { registry: name, format, username: login.username, caller });
    const until = servesUntil(registry.credential, registry.rotation.current);
    const jsonBody =
      format === 'login' ? { loginServer, ...login, expiresOn: until } : dockerConfig(loginServer, login);
    // RFC 9110, section 5.6.7: the format of dates in headers.
    return { status: 200, jsonBody, headers: until ? { expires: until.toUTCString() } : {} };
  },
});
