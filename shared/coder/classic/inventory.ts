import type { Registry } from '../../records/registry.ts';
import type { Inventory } from '../target.ts';
import type { ClassicClient } from './client.ts';
import { type ClassicRegistries, sameHost } from './registries.ts';
import type { CoderImage } from './schema.ts';

/** Lists what Coder has of a registry: the images with one call, and the tags of each when they are asked for. */
export async function takeInventory(
  { coder }: { coder: ClassicClient },
  registries: ClassicRegistries,
  registry: Registry,
  signal: AbortSignal,
): Promise<Inventory> {
  const images = new Map<string, CoderImage>();
  for (const image of await coder.listImages(registries.organizationOf(registry), signal)) {
    if (image.registry && sameHost(image.registry, registry) && !images.has(image.repository)) {
      images.set(image.repository, image);
    }
  }
  return {
    hasRegistry: images.size > 0 || (await registries.inspect(registry, signal)) !== 'gone',
    repositories: [...images.keys()],
    async find(repository, findSignal) {
      const image = images.get(repository);
      if (!image) return undefined;
      const tags = await coder.listTags(image.id, findSignal);
      return {
        isOffered: !image.deprecated,
        defaultTag: image.default_tag?.tag,
        tags: new Map(tags.map(({ tag, latest_hash }) => [tag, latest_hash ?? ''])),
      };
    },
  };
}
