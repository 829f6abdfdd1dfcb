import { describe, StorageError } from '../errors.ts';
import type { Log } from '../lib/log.ts';
import type { Reference } from '../policy/reference.ts';
import { logImport } from './follow.ts';
import { type ImportServices, importImage } from './import.ts';

interface Image extends Reference {
  registry: string;
}

/** Each of them is an import. */
const MOST_HELD = 10;

/**
 * Imports images again after a person changed what the target has of them, so that their records say so at once. The
 * change is done: a record that cannot be written is left to the next reconciliation.
 */
export async function lookAgain(
  services: ImportServices,
  images: readonly Image[],
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const held = await heldBeside(services, images);
  for (const { registry, repository, tag } of [...images, ...held]) {
    try {
      const request = { registry, repository, tag, inDoubt: true };
      logImport(log, await importImage(services, request, signal));
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      log.error('import not recorded', { registry, repository, tag, message: describe(error) });
    }
  }
}

/** Images of the same repositories whose records say that they are held: the change may have ended that. */
async function heldBeside({ images: records }: ImportServices, images: readonly Image[]): Promise<Image[]> {
  const found: Image[] = [];
  const byRepository = new Map(images.map(image => [`${image.registry} ${image.repository}`, image]));
  for (const { registry, repository } of byRepository.values()) {
    const { items } = await records.list({ registry, repository, reason: 'held' }, { limit: MOST_HELD });
    const isListed = ({ tag }: Image) =>
      images.some(one => one.registry === registry && one.repository === repository && one.tag === tag);
    found.push(...items.filter(item => !isListed(item)));
  }
  return found;
}
