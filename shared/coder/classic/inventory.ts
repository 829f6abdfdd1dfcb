import type { Inventory, RepositoryInTarget, SourceRegistry } from '../target.ts';
import type { ClassicClient } from './client.ts';
import { becomesDefault } from './default-tag.ts';
import { type ClassicRegistries, sameHost } from './registries.ts';
import type { CoderImage, CoderTag } from './schema.ts';

/** Lists what Coder has of a registry: all images with one call, and the tags of an image when needed. */
export async function takeInventory(
  { coder }: { coder: ClassicClient },
  registries: ClassicRegistries,
  registry: SourceRegistry,
  signal: AbortSignal,
): Promise<Inventory> {
  const images = new Map<string, CoderImage>();
  for (const image of await coder.listImages(registries.organizationOf(registry), signal)) {
    if (image.registry && sameHost(image.registry, registry) && !images.has(image.repository)) {
      images.set(image.repository, image);
    }
  }
  const hasRegistry = images.size > 0 || (await registries.inspect(registry, signal)) !== 'gone';
  return {
    missing: hasRegistry ? 'image-deleted-in-coder' : 'registry-deleted-in-coder',
    repositories: [...images.keys()],
    async find(repository, findSignal) {
      const image = images.get(repository);
      return image && repositoryOf(image, await coder.listTags(image.id, findSignal));
    },
  };
}

/** A repository as Coder has it, with its tags. */
export function repositoryOf(
  image: Pick<CoderImage, 'deprecated' | 'default_tag'>,
  listed: readonly CoderTag[],
): RepositoryInTarget {
  const tags = new Map(listed.map(({ tag, latest_hash }) => [tag, latest_hash ?? '']));
  const current = image.default_tag?.tag;
  return {
    tags,
    compare({ tag, digest, coderDigest }) {
      if (!tags.has(tag)) return 'tag-deleted-in-coder';
      return tags.get(tag) === (coderDigest ?? digest) ? undefined : 'digest-drift';
    },
    // The last tag of an image stays in Coder, on an image that is deprecated.
    offers: tag => tags.has(tag) && (!image.deprecated || tags.size > 1),
    keeps: ({ tag, pinned }) => pinned && tag === current,
    prefers({ tag, words, pinned }, other, pushedOn) {
      if (image.deprecated || current === undefined || !tags.has(tag)) return false;
      const policy = pinned ? 'never' : (words.defaultTag ?? 'first');
      const beats = (known: string): boolean => {
        const becomes = becomesDefault(policy, tag, known);
        return becomes === 'if-newer' ? (pushedOn(tag) ?? 0) > (pushedOn(known) ?? 0) : becomes;
      };
      return beats(current) && (other === undefined || beats(other));
    },
  };
}
