import ky, { HTTPError } from 'ky';
import { describe, ServiceError } from '../errors.ts';
import type { HostCheck } from './allowed-hosts.ts';

/** A user name and a password of a registry. */
export interface Login {
  username: string;
  password: string;
}

/**
 * Asks the registry for a token as `docker login` does, which proves the password and nothing else. The official
 * client takes Entra credentials only.
 *
 * @returns whether the registry accepts the login
 * @throws ServiceError `registry-unavailable` when it cannot be asked
 */
export async function acceptsLogin(
  loginServer: string,
  { username, password }: Login,
  isAllowedHost: HostCheck,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isAllowedHost(loginServer))
    throw new Error(`${loginServer} is not a host that may be sent passwords.`);
  try {
    await ky.get(`https://${loginServer}/oauth2/token`, {
      searchParams: { service: loginServer },
      headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
      redirect: 'error',
      signal,
    });
    return true;
  } catch (error) {
    if (error instanceof HTTPError && isRefusal(error.response.status)) return false;
    throw new ServiceError('registry-unavailable', `${loginServer}: ${describe(error)}`, { cause: error });
  }
}

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}
