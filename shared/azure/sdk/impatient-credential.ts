import { createDefaultHttpClient, type HttpClient } from '@azure/core-rest-pipeline';
import type { AccessToken, TokenCredential } from '@azure/identity';
import { timeLimit, untilAborted } from '../../lib/time-limit.ts';

/** A healthy identity endpoint answers within a second, from its cache or from Entra. */
const LONGEST_MS = 5_000;
/** A token that ends sooner may end on its way. */
const LEAST_LIFE_MS = 60_000;

const http = createDefaultHttpClient();

/** What the managed identity asks its endpoint with: it takes no signal and no limit, and would keep each connection. */
export const impatientHttp: HttpClient = {
  sendRequest(request) {
    request.abortSignal = timeLimit(LONGEST_MS, request.abortSignal as AbortSignal | undefined);
    return http.sendRequest(request);
  },
};

/**
 * A credential that gives up soon when the identity endpoint hangs: each SDK client waits for one token with all that
 * it is asked for, and would wait for ever. Meanwhile the last token serves for as long as it lives.
 */
export function impatient(credential: TokenCredential, longestMs = LONGEST_MS): TokenCredential {
  const last = new Map<string, AccessToken>();
  return {
    async getToken(scopes, options = {}) {
      const key = [scopes, options.tenantId, options.claims].join(' ');
      const signal = timeLimit(longestMs);
      try {
        const token = await untilAborted(
          credential.getToken(scopes, { ...options, abortSignal: signal }),
          signal,
        );
        if (token) last.set(key, token);
        return token;
      } catch (error) {
        if (!signal.aborted) throw error;
        const known = last.get(key);
        if (known && known.expiresOnTimestamp > Date.now() + LEAST_LIFE_MS) return known;
        throw new Error(`The managed identity gave no token in ${longestMs / 1000} s.`);
      }
    },
  };
}
