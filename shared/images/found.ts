import { platformOf } from './image-config.ts';
import { lookThrough } from './image-index.ts';
import { classifyManifest } from './manifest.ts';
import type { ImportFacts } from './step.ts';

/** What the registry has under a tag, for people. */
export type Found = { digest: string } & (
  | { kind: 'other'; what: string }
  /** What it is for; absent when that was not read. */
  | { kind: 'image' | 'index'; platforms?: string[] }
);

/** null when the registry has nothing there, or was not asked. */
export function foundOf({ found, config, children }: ImportFacts): Found | null {
  if (!found) return null;
  const { digest } = found;
  const manifest = classifyManifest(found.manifest, found.mediaType);
  switch (manifest.kind) {
    case 'other':
      return { digest, kind: manifest.kind, what: manifest.what };
    case 'index': {
      const { images } = lookThrough(manifest.children, children);
      return { digest, kind: manifest.kind, platforms: images.flatMap(({ platform }) => platform ?? []) };
    }
    case 'image': {
      // What an image is for stands in its configuration, which is not read when the policy leaves it out.
      if (config?.digest !== manifest.configDigest) return { digest, kind: manifest.kind };
      const platform = manifest.platform ?? platformOf(config.config);
      return { digest, kind: manifest.kind, platforms: platform ? [platform] : [] };
    }
  }
}
