import * as z from 'zod';
import { basicAuth, type Login } from '../azure/acr/tokens.ts';

/**
 * Content of a Kubernetes secret of type `kubernetes.io/dockerconfigjson`, which is also docker's config.json.
 * https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/
 */
export const DockerConfig = z.strictObject({
  auths: z.record(
    z.string().describe('Login server of the registry.'),
    z.strictObject({
      username: z.string(),
      password: z.string(),
      auth: z.string().describe('Base64 of `username:password`.'),
    }),
  ),
});
export type DockerConfig = z.infer<typeof DockerConfig>;

export function dockerConfig(loginServer: string, login: Login): DockerConfig {
  const { username, password } = login;
  return { auths: { [loginServer]: { username, password, auth: basicAuth(login) } } };
}
