import { RefusedError } from '../errors.ts';
import type { StoredRegistry } from '../records/registry.ts';

/** The conditions for a change, from `If-Match` and `If-None-Match` (RFC 9110, section 13.1). */
export interface Precondition {
  /** The stored registry must have one of these ETags; `*` for any. */
  ifMatch?: string | undefined;
  /** `*`: only if the registry does not exist yet. */
  ifNoneMatch?: string | undefined;
}

/** @throws RefusedError `precondition-failed` when the stored registry is not as the caller expects */
export function checkPrecondition(
  stored: Pick<StoredRegistry, 'etag'> | undefined,
  { ifMatch, ifNoneMatch }: Precondition,
): void {
  if (ifNoneMatch === '*' && stored) {
    throw new RefusedError('precondition-failed', 'The registry exists already, and If-None-Match was *.');
  }
  if (ifMatch === undefined) return;
  const wanted = ifMatch.split(',').map(etag => etag.trim());
  if (!stored || !(wanted.includes('*') || wanted.includes(stored.etag))) throw outdated();
}

/** The registry was changed after the caller read it. */
export function outdated(): RefusedError {
  const message =
    'The registry was changed: it does not have the ETag of If-Match. GET it again, then decide.';
  return new RefusedError('precondition-failed', message);
}
