import { StorageError } from '../../errors.ts';

/**
 * Version of the rows that this release writes. Raise it when older releases can no longer read the rows. A release
 * must read every version up to its own.
 */
export const ROW_VERSION = 1;

/**
 * Checks that this release can read the row; a row without a version has the first.
 * @throws StorageError for a row that a newer release wrote: writing it back would lose what this one does not know
 */
export function checkVersion({ version = 1, rowKey }: { version?: number; rowKey?: string }): void {
  if (version <= ROW_VERSION) return;
  throw new StorageError(
    `The record ${rowKey} was written by a newer release of the bridge (version ${version}, this one understands ${ROW_VERSION}). Deploy the newer release again.`,
  );
}
