import type { TargetedImage } from '../target.ts';
import type { Place } from './destinations.ts';
import { formatValue } from './value.ts';
import type { Wish } from './wish.ts';

/** An image as a template is to name it. */
export type NamedImage = TargetedImage & Pick<Wish, 'digest' | 'pushedOn'>;

/** What a variable of a template is to name. */
export function wishOf({ destination }: Place, image: NamedImage): Wish {
  const { registry, repository, tag, digest, pushedOn, pinned } = image;
  const name = nameIn(image);
  const value = formatValue({ name, tag, digest }, destination.reference);
  const isManual = pinned || destination.promote === 'manual';
  return {
    ...{ registry: registry.name, repository, tag, digest, value, pushedOn },
    ...(isManual && { isManual }),
    ...(destination.canary && { canary: destination.canary }),
  };
}

/** `host/repository` */
export function nameIn({ registry, repository }: Pick<TargetedImage, 'registry' | 'repository'>): string {
  return `${registry.loginServer}/${repository}`;
}
