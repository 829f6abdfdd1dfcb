import type { Acr, ImageSource } from '../azure/acr.ts';
import type { ConfigSource } from './decide.ts';
import { classifyManifest, ImageConfig } from './manifest.ts';

/** Reads a configuration; null when there is none. @throws ServiceError */
export async function readConfig(
  acr: Acr,
  source: ImageSource,
  from: ConfigSource,
): Promise<ImageConfig | null> {
  const digest = 'blob' in from ? from.blob : await configOf(acr, source, from.image);
  if (digest === undefined) return null;
  return ImageConfig.safeParse(await acr.getConfig(source, digest)).data ?? {};
}

/** Digest of an image's configuration. */
async function configOf(acr: Acr, source: ImageSource, image: string): Promise<string | undefined> {
  const found = await acr.getManifest(source, image);
  const manifest = found && classifyManifest(found.manifest);
  return manifest?.kind === 'image' ? manifest.configDigest : undefined;
}
