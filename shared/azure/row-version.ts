import { StorageError } from '../errors.ts';

/**
 * Version of the rows that this release writes. It is raised when an older release could not read them any more; a
 * newer one must go on reading every version below its own.
 */
export const ROW_VERSION = 1;

/**
 * Lets a row through that this release understands; those without a version are of the first.
 * @throws StorageError for one that a newer release wrote, so that nothing of it is lost by writing it back
 */
export function checkVersion({ version = 1, rowKey }: { version?: number; rowKey?: string }): void {
  if (version <= ROW_VERSION) return;
  throw new StorageError(
    `The record ${rowKey} was written by a newer release of the bridge (version ${version}, this one understands ${ROW_VERSION}). Deploy the newer release again.`,
  );
}
