import { RefusedError } from '../errors.ts';
import type { StoredRegistry } from '../records/registry.ts';

/** Under which conditions a change is wanted, from `If-Match` and `If-None-Match` (RFC 9110, section 13.1). */
export interface Precondition {
  /** The ETags of which the stored registry must have one; `*` for any. */
  ifMatch?: string | undefined;
  /** `*`: only if there is no such registry yet. */
  ifNoneMatch?: string | undefined;
}

/** @throws RefusedError `precondition-failed` when the stored registry is not as the caller expects */
export function checkPrecondition(
  stored: StoredRegistry | undefined,
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
  const message = 'The registry is not as If-Match expects. GET it again, and decide on what it is now.';
  return new RefusedError('precondition-failed', message);
}
