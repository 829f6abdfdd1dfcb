import type { Acr, ImageSource } from '../azure/acr/client.ts';
import { ImageConfig } from './image-config.ts';
import type { ReadChild } from './image-index.ts';
import { classifyManifest } from './manifest.ts';

/** The calls that tell what an image is. */
export type ReadsImages = Pick<Acr, 'getManifest' | 'getTag' | 'getConfig'>;

/** What cannot be read of a configuration is absent. @throws ServiceError */
export async function readConfig(
  acr: ReadsImages,
  source: ImageSource,
  digest: string,
): Promise<ImageConfig> {
  return ImageConfig.parse(await acr.getConfig(source, digest));
}

/** Reads a child of an index with at most two requests. @throws ServiceError */
export async function readChild(acr: ReadsImages, source: ImageSource, digest: string): Promise<ReadChild> {
  const found = await acr.getManifest(source, digest);
  if (!found) return { manifest: null, config: null };
  const manifest = classifyManifest(found.manifest, found.mediaType);
  const config = manifest.kind === 'image' ? await readConfig(acr, source, manifest.configDigest) : null;
  return { manifest, config };
}
