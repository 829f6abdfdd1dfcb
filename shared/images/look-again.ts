import { describe, StorageError } from '../errors.ts';
import type { Log } from '../lib/log.ts';
import type { Reference } from '../policy/reference.ts';
import { logImport } from './follow.ts';
import { type ImportServices, importImage } from './import.ts';

/**
 * Imports images again after a person changed what the target has of them, so that their records say so at once. The
 * change is done: a record that cannot be written is left to the next reconciliation.
 */
export async function lookAgain(
  services: ImportServices,
  images: readonly (Reference & { registry: string })[],
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  for (const { registry, repository, tag } of images) {
    try {
      const request = { registry, repository, tag, inDoubt: true };
      logImport(log, await importImage(services, request, signal));
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.error('import not recorded', { registry, repository, tag, message: describe(error) });
    }
  }
}
