import type { Destination } from './words.ts';

/** An image as a template's variable names it. */
export interface ImageValue {
  /** `host/repository` */
  name: string;
  tag?: string;
  digest?: string;
}

/** What the variable is given: by digest, so that nodes pull what was pushed even when the tag moves. */
export function formatValue(
  { name, tag, digest }: Required<ImageValue>,
  reference: Destination['reference'] = 'tag-and-digest',
): string {
  return reference === 'digest' ? `${name}@${digest}` : `${name}:${tag}@${digest}`;
}

/** Reads `host/repository[:tag][@digest]`; undefined when the text names no image. */
export function parseValue(text: string): ImageValue | undefined {
  const match =
    /^([^\s@]+?)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@([a-z0-9]+:[A-Fa-f0-9]{32,}))?$/.exec(text);
  const [, name, tag, digest] = match ?? [];
  if (!name) return undefined;
  return { name, ...(tag && { tag }), ...(digest && { digest }) };
}

/** Whether two values pull the same: several tags of one digest are one image. */
export function isSameImage(one: string | undefined, other: string | undefined): boolean {
  if (one === other) return true;
  const [a, b] = [one, other].map(value => (value === undefined ? undefined : parseValue(value)));
  return a?.digest !== undefined && a.name === b?.name && a.digest === b?.digest;
}
