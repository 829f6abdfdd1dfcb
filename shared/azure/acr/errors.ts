import { describe, ServiceError, statusOf } from '../../errors.ts';
import { TooLargeError } from '../../lib/bounded-fetch.ts';
import type { Pauses } from '../../lib/pauses.ts';
import type { ImageReason } from '../../reasons.ts';
import { type AcrCall, explainAcr, UPSTREAM, whatOf } from '../refusals/acr.ts';
import { entraRefusal } from '../refusals/entra.ts';
import { saidBy } from '../refusals/said.ts';

export type { AcrCall };

/** The error of a call, with a reason that tells trouble of one image from trouble of the registry. */
export function toServiceError(call: AcrCall, error: unknown, pauses: Pauses): ServiceError {
  if (error instanceof ServiceError) return error;
  const { loginServer, repository } = call;
  const unusable = reasonOfContent(call.of, error);
  if (unusable) {
    return new ServiceError(unusable, `${loginServer}: ${describe(error)} (${whatOf(call)})`, {
      cause: error,
    });
  }
  const refusal =
    entraRefusal(error) ?? explainAcr(saidBy(error), { ...call, host: hostOf(error) ?? loginServer });
  const paused = refusal.reason === 'upstream-throttled' ? upstreamOf(loginServer, repository) : loginServer;
  const retryAfterMs = pauses.remaining(paused) || undefined;
  return new ServiceError(refusal.reason, refusal.message, { ...refusal, cause: error, retryAfterMs });
}

/** What came cannot be used; undefined when nothing came, or an answer that refuses. */
function reasonOfContent(of: AcrCall['of'], error: unknown): ImageReason | undefined {
  if (!(error instanceof Error) || !of || (statusOf(error) ?? 0) >= 300) return undefined;
  const isTooLarge = error instanceof TooLargeError || SDK_TOO_LARGE.test(error.message);
  if (isTooLarge) return of === 'config' ? 'config-unreadable' : 'manifest-too-large';
  if (error instanceof SyntaxError) return of === 'config' ? 'config-unreadable' : 'manifest-unreadable';
  // A blob that was cut off on its way has another digest, too.
  const isOther = of === 'manifest' && error.name === 'DigestMismatchError';
  return isOther ? 'manifest-unreadable' : undefined;
}

/** How the SDK gives up a manifest of more than 4 MiB. */
const SDK_TOO_LARGE = /exceeded maximum allowed length/i;

/** The host of the last request, which a redirect may have changed. */
function hostOf(error: unknown): string | undefined {
  const { url } = (error as { request?: { url?: string } } | undefined)?.request ?? {};
  return url === undefined ? undefined : new URL(url).host;
}

/** Whether the source registry of a cache rule is busy, and not the registry that answers. */
export function isOfUpstream(status: number, body: string | null | undefined): boolean {
  return status === 429 && UPSTREAM.test(body ?? '');
}

/** What pauses when the source registry of a repository's cache rule is busy. */
export function upstreamOf(loginServer: string, repository = ''): string {
  return `The source registry of ${loginServer}/${repository}`;
}
