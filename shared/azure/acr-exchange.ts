import type { TokenCredential } from '@azure/identity';
import ky, { HTTPError } from 'ky';
import * as z from 'zod';
import { describe, ServiceError } from '../errors.ts';
import type { HostCheck } from './allowed-hosts.ts';

const Exchanged = z.object({ refresh_token: z.string() });

/**
 * Exchanges the managed identity's Entra token for a refresh token of the registry, which `docker login` takes as a
 * password. https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md
 */
export function createExchange(credential: TokenCredential, audience: string, isAllowedHost: HostCheck) {
  return async (loginServer: string, signal: AbortSignal): Promise<string> => {
    if (!isAllowedHost(loginServer)) {
      const message = `${loginServer} is not a host that may be sent tokens.`;
      throw new ServiceError('registry-unauthorized', message);
    }
    try {
      const token = await credential.getToken(`${audience}/.default`, { abortSignal: signal });
      const form = { grant_type: 'access_token', service: loginServer, access_token: token?.token ?? '' };
      const answer = await ky.post(`https://${loginServer}/oauth2/exchange`, {
        body: new URLSearchParams(form),
        ...{ redirect: 'error', retry: 0, signal },
      });
      return Exchanged.parse(await answer.json()).refresh_token;
    } catch (error) {
      const status = error instanceof HTTPError ? error.response.status : 0;
      const refused = status === 401 || status === 403;
      const reason = refused ? 'registry-unauthorized' : 'registry-unavailable';
      throw new ServiceError(reason, `${loginServer}: ${describe(error)}`, { cause: error });
    }
  };
}
