import * as z from 'zod';
import { CREDENTIAL } from '../shared/api/examples.ts';
import { httpFunction } from '../shared/api/http-function.ts';
import { RegistryPath } from '../shared/api/requests/paths.ts';
import { DockerConfig, dockerConfig } from '../shared/credentials/docker-config.ts';
import { giveCredential } from '../shared/registries/give.ts';

const CredentialView = z.strictObject({
  loginServer: z.string(),
  username: z.string(),
  password: z.string(),
  expiresOn: z.iso
    .datetime()
    .optional()
    .describe('When it expires; absent when it does not, or the bridge does not know.'),
});

const FORMATS = ['login', 'dockerconfigjson'] as const;

httpFunction('registries-credentials', {
  method: 'GET',
  route: 'registries/{name}/credentials',
  role: 'Credentials.Read',
  summary: 'Gives the credential of Coder',
  description: 'With `format=dockerconfigjson`, as the content of a Kubernetes secret of that type.',
  noStore: true,
  path: RegistryPath,
  query: z.strictObject({
    format: z.enum(FORMATS, `must be one of ${FORMATS.join(', ')}`).default('login'),
  }),
  answers: {
    200: {
      description: 'Input for `docker login`, or a docker configuration.',
      body: z.union([CredentialView, DockerConfig]),
      headers: { 'cache-control': '`no-store`' },
      example: {
        loginServer: 'contoso.azurecr.io',
        username: CREDENTIAL.username,
        password: CREDENTIAL.password,
      },
    },
  },
  refusals: ['not-found', 'no-credential-to-give', 'credential-not-ready', 'secrets-unavailable'],
  async answer({ path: { name }, query: { format }, caller, log }, services) {
    const { registry, login } = await giveCredential(services, name);
    const { loginServer, rotation } = registry;
    log.info('credential read', { registry: name, format, username: login.username, caller });
    const jsonBody =
      format === 'login'
        ? { loginServer, ...login, expiresOn: rotation.current?.expiresOn }
        : dockerConfig(loginServer, login);
    return { status: 200, jsonBody };
  },
});
