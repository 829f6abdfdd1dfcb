import { UnreadableRowError } from '../../errors.ts';
import type { Row } from './tables.ts';

/**
 * Version of the rows that this release writes. Raise it when older releases can no longer read the rows. A release
 * must read every version up to its own.
 */
export const ROW_VERSION = 1;

/**
 * Checks that this release can read the row; a row without a version has the first.
 * @throws UnreadableRowError for a row that a newer release wrote: writing it back would lose what this one does not know
 */
export function checkVersion(row: Row<{ version?: unknown }>): void {
  const { version } = row;
  if (typeof version !== 'number' || version <= ROW_VERSION) return;
  const fault = `was written by a newer release of the bridge (version ${version}, this one understands ${ROW_VERSION}). Deploy the newer release again.`;
  throw new UnreadableRowError(row, fault, true);
}
