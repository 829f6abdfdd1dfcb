import * as z from 'zod';
import { describe, ServiceError, statusOf } from '../../errors.ts';
import { TooLargeError } from '../../lib/bounded-fetch.ts';
import type { Pauses } from '../../lib/pauses.ts';
import type { ImageReason } from '../../reasons.ts';

/** A call to a registry, to say which one failed. */
export interface AcrCall {
  loginServer: string;
  repository?: string;
  /** What was to be read, for people. */
  read: string;
  /** Of an image, its part. */
  of?: 'manifest' | 'config';
}

/** The error of a call, with a reason that tells trouble of one image from trouble of the registry. */
export function toServiceError(call: AcrCall, error: unknown, pauses: Pauses): ServiceError {
  if (error instanceof ServiceError) return error;
  const { loginServer, repository, read } = call;
  const reason = reasonOf(call, error);
  const paused = reason === 'upstream-throttled' ? upstreamOf(loginServer, repository) : loginServer;
  const what = repository ? `${read} of ${repository}` : read;
  const status = statusOf(error);
  return new ServiceError(
    reason,
    `${loginServer}: ${status ? `${status} ` : ''}${messageOf(error)} (${what})`.replace('  ', ' '),
    { cause: error, retryAfterMs: pauses.remaining(paused) || undefined },
  );
}

function reasonOf({ of }: AcrCall, error: unknown): ImageReason {
  const status = statusOf(error);
  if (status === undefined || status < 300) return reasonOfContent(of, error);
  if (status === 401 || status === 403) return 'registry-unauthorized';
  if (status === 405) return 'image-locked';
  if (isOfUpstream(status, (error as Error).message)) return 'upstream-throttled';
  const isOfRegistry = status >= 500 || status === 407 || status === 408 || status === 429;
  if (isOfRegistry || !of) return 'registry-unavailable';
  if (of === 'config') return 'config-missing';
  return status === 413 ? 'manifest-too-large' : 'manifest-unreadable';
}

/** What came cannot be used, or nothing came. */
function reasonOfContent(of: AcrCall['of'], error: unknown): ImageReason {
  if (!(error instanceof Error) || !of) return 'registry-unavailable';
  const isTooLarge = error instanceof TooLargeError || SDK_TOO_LARGE.test(error.message);
  if (isTooLarge) return of === 'config' ? 'config-unreadable' : 'manifest-too-large';
  if (error instanceof SyntaxError) return of === 'config' ? 'config-unreadable' : 'manifest-unreadable';
  // A blob that was cut off on its way has another digest, too.
  const isOther = of === 'manifest' && error.name === 'DigestMismatchError';
  return isOther ? 'manifest-unreadable' : 'registry-unavailable';
}

/** How the SDK gives up a manifest of more than 4 MiB. */
const SDK_TOO_LARGE = /exceeded maximum allowed length/i;

/** ACR quotes 429 of the source registry of a cache rule in an answer of its own (github.com/Azure/acr/issues/754). */
export function isOfUpstream(status: number, body: string | null | undefined): boolean {
  return status === 429 && /source registry|cache rule|upstream/i.test(body ?? '');
}

/** What pauses when the source registry of a repository's cache rule is busy. */
export function upstreamOf(loginServer: string, repository = ''): string {
  return `The source registry of ${loginServer}/${repository}`;
}

const OciErrors = z.object({ errors: z.array(z.object({ message: z.string() })).min(1) });

/** The error message that a registry gives in the body; the SDK leaves the body as it is. */
export function messageOf(error: unknown): string {
  const text = describe(error);
  try {
    return OciErrors.parse(JSON.parse((error as Error).message))
      .errors.map(({ message }) => message)
      .join('; ');
  } catch {
    return /^status \d+$/.test(text) ? '' : text;
  }
}
