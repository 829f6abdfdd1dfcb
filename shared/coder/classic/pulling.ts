import type { Login } from '../../azure/acr/tokens.ts';
import type { Vault } from '../../azure/key-vault/vault.ts';
import { loginOf } from '../../credentials/login.ts';
import { ServiceError } from '../../errors.ts';
import type { PullableRegistry } from '../target.ts';

export interface PullingOptions {
  vault: Pick<Vault, 'read'>;
  /** Tests whether a registry accepts a login. */
  acceptsLogin(loginServer: string, login: Login, signal: AbortSignal): Promise<boolean>;
}

/** Coder's message when it cannot contact the registry; the cause follows: a time-out, a certificate, a 401. */
const CANNOT_PULL = /unable to ping registry/i;

/**
 * Runs a call in which Coder contacts the registry. If Coder refuses, tests whether the login is the cause.
 * @throws ServiceError `credential-refused` or `coder-cannot-pull` in place of `coder-rejected` where that is the cause
 */
export async function whilePulling<T>(
  options: PullingOptions,
  registry: PullableRegistry,
  signal: AbortSignal,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ServiceError && error.reason === 'coder-rejected')) throw error;
    await explainRefusal(options, registry, signal, error);
    throw CANNOT_PULL.test(error.message)
      ? new ServiceError('coder-cannot-pull', error.message, { cause: error })
      : error;
  }
}

/** @throws ServiceError `credential-refused` when the registry does not accept the login that Coder has */
export async function explainRefusal(
  { vault, acceptsLogin }: PullingOptions,
  registry: PullableRegistry,
  signal: AbortSignal,
  cause?: unknown,
): Promise<void> {
  const login = await loginOf(registry, vault);
  if (!login || (await acceptsLogin(registry.loginServer, login, signal))) return;
  const message = `${registry.loginServer} refuses the password of ${login.username} that Coder has.`;
  throw new ServiceError('credential-refused', message, { cause });
}
