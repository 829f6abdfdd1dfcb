import type { Vault } from './vault.ts';

const CACHE_MS = 5 * 60_000;

/**
 * Reads a token from Key Vault through a short cache.
 *
 * @returns a function; call it with true when the cached token was refused, to read Key Vault again
 */
export function createTokenSource(
  vault: Vault,
  secretName: string,
  now: () => Date,
): (renew: boolean) => Promise<string> {
  let cached: { token: string; until: number } | undefined;
  return async renew => {
    if (!renew && cached && cached.until > now().getTime()) return cached.token;
    const token = await vault.read(secretName);
    cached = { token, until: now().getTime() + CACHE_MS };
    return token;
  };
}
