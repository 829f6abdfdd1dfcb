import type { Acr } from '../azure/acr/client.ts';
import { formatReference } from '../policy/reference.ts';
import type { ReadsImages } from './facts.ts';
import type { ImageToImport } from './outcome.ts';
import type { UnderWay, Waiting } from './under-way.ts';

/** What an import waits for, in the words of a message. */
export function waitsFor(
  image: ImageToImport,
  reason: Waiting['reason'],
  host: string,
  call: string,
): Waiting {
  return { reason, call: `${formatReference(image)} waits for ${host} (${call})` };
}

/** The registry, of which each call is noted while it is under way. */
export function watchedAcr(
  { acr, underWay }: { acr: Acr; underWay: UnderWay },
  image: ImageToImport,
): ReadsImages {
  const { name, loginServer } = image.registry;
  const during = <T>(call: string, work: () => Promise<T>) =>
    underWay.during(name, waitsFor(image, 'registry-unavailable', loginServer, call), work);
  return {
    getManifest: (source, reference) =>
      during(`manifest ${reference}`, () => acr.getManifest(source, reference)),
    getTag: (source, tag) => during(`tag ${tag}`, () => acr.getTag(source, tag)),
    getConfig: (source, digest) => during(`configuration ${digest}`, () => acr.getConfig(source, digest)),
  };
}
