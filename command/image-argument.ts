import { CommandError, EXIT } from './exit.ts';

/** A tag of a repository. */
export interface Reference {
  repository: string;
  tag: string;
}

/** Reads `team/app:v1`; whether the names are right the bridge says. @throws CommandError `usage` */
export function parseImage(text: string): Reference {
  const colon = text.lastIndexOf(':');
  const reference = { repository: text.slice(0, Math.max(colon, 0)), tag: text.slice(colon + 1) };
  if (reference.repository && reference.tag && !reference.tag.includes('/')) return reference;
  throw new CommandError(EXIT.usage, `Name the image as repository:tag, such as team/app:v1, not ${text}.`);
}

/** Path of the image record in the API. */
export function imagePath(registry: string, { repository, tag }: Reference): string {
  return `images/${encodeURIComponent(registry)}/${encodeURIComponent(`${repository}:${tag}`)}`;
}
