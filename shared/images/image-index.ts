import { type ImageConfig, platformOf } from './image-config.ts';
import type { IndexChild, Manifest, NotAnImage } from './manifest.ts';

/** A child of an index, or of an index in it, as the registry has it. */
export interface ReadChild {
  /** null when the registry does not have it. */
  manifest: Manifest | null;
  /** Of an image, its configuration. */
  config: ImageConfig | null;
}

/** Children that were read so far, by digest. */
export type ReadChildren = Map<string, ReadChild>;

export interface ImageInIndex {
  digest: string;
  /** Absent when neither the index nor the image says it. */
  platform?: string | undefined;
  /** Absent until it was read. */
  config?: ImageConfig | null;
}

/** What is known of an index when some of its children were read. */
export interface IndexContent {
  images: ImageInIndex[];
  /** Children that only reading can tell more of. */
  unread: string[];
  /** Children that turned out to be something else. */
  others: NotAnImage[];
}

/** Looks through an index, and once through each of the indexes in it. */
export function lookThrough(
  children: readonly IndexChild[],
  read: ReadonlyMap<string, ReadChild>,
): IndexContent {
  const content: IndexContent = { images: [], unread: [], others: [] };
  const indexes = new Set<string>();
  const todo = [children];
  for (const list of todo) {
    for (const { digest, platform } of list) {
      const child = read.get(digest);
      if (!child) addUnread(content, digest, platform);
      else if (child.manifest?.kind === 'other') content.others.push(child.manifest);
      else if (child.manifest?.kind !== 'index') content.images.push(toImage(child, digest, platform));
      else if (!indexes.has(digest)) {
        indexes.add(digest);
        todo.push(child.manifest.children);
      }
    }
  }
  return content;
}

function addUnread({ images, unread }: IndexContent, digest: string, platform: string | undefined): void {
  if (platform) images.push({ digest, platform });
  else unread.push(digest);
}

function toImage({ manifest, config }: ReadChild, digest: string, platform?: string): ImageInIndex {
  const own = manifest?.kind === 'image' ? manifest.platform : undefined;
  return { digest, platform: own ?? platform ?? platformOf(config), config };
}
