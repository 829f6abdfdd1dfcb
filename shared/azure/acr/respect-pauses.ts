import { ServiceError } from '../../errors.ts';
import type { Pauses } from '../../lib/pauses.ts';
import { parseRetryAfter } from '../../lib/retry-after.ts';
import { type AdditionalPolicy, perRequest } from '../sdk/policy.ts';
import { isOfUpstream, upstreamOf } from './errors.ts';

/**
 * Remembers the pause that a busy registry asks for, and refuses every call to it until the pause ends. The SDK alone
 * would wait for Retry-After within the call and use up the time of the import. When the source registry of a cache rule
 * is busy, only the repository pauses.
 */
export function respectPauses(loginServer: string, pauses: Pauses): AdditionalPolicy {
  return perRequest('respect-pauses', async (request, next) => {
    const upstream = upstreamOf(loginServer, repositoryIn(request.url));
    refuseDuringPause(pauses, loginServer, 'registry-unavailable');
    refuseDuringPause(pauses, upstream, 'upstream-throttled');
    const response = await next(request);
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), new Date());
    if (response.status === 429 || retryAfterMs) {
      pauses.asked(isOfUpstream(response.status, response.bodyAsText) ? upstream : loginServer, retryAfterMs);
      response.headers.delete('retry-after');
    }
    return response;
  });
}

function refuseDuringPause(
  pauses: Pauses,
  who: string,
  reason: 'registry-unavailable' | 'upstream-throttled',
): void {
  const retryAfterMs = pauses.remaining(who);
  if (retryAfterMs === 0) return;
  const message = `${who} asked for a pause of another ${Math.ceil(retryAfterMs / 1000)} s.`;
  throw new ServiceError(reason, message, { retryAfterMs });
}

function repositoryIn(url: string): string {
  return /\/v2\/(.+)\/(?:manifests|blobs)\//.exec(decodeURIComponent(new URL(url).pathname))?.[1] ?? '';
}
