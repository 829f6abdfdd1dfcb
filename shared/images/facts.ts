import type { Acr, ImageSource } from '../azure/acr.ts';
import type { ConfigSource, ReadConfig } from './decide.ts';
import { classifyManifest, ImageConfig } from './manifest.ts';

/** @throws ServiceError */
export async function readConfig(acr: Acr, source: ImageSource, from: ConfigSource): Promise<ReadConfig> {
  const blob = from.kind === 'blob' ? from.digest : await configOf(acr, source, from.digest);
  if (blob === undefined) return { digest: from.digest, config: null };
  const config = ImageConfig.safeParse(await acr.getConfig(source, blob)).data ?? {};
  return { digest: from.digest, config };
}

/** Digest of an image's configuration. */
async function configOf(acr: Acr, source: ImageSource, image: string): Promise<string | undefined> {
  const found = await acr.getManifest(source, image);
  const manifest = found && classifyManifest(found.manifest);
  return manifest?.kind === 'image' ? manifest.configDigest : undefined;
}
