import type { Reference } from '../policy/reference.ts';

/**
 * Row keys of the `images` table. Table Storage forbids `/` in keys; `|`, `:`, `!` and `@` occur in no OCI name, so
 * the kinds of row cannot be mistaken for one another:
 *
 *     !2026-01-31T08:00:00.000Z!team|app:v1    due row: when to try the import again
 *     @reconciliation                           the last comparison of the registry
 *     @registry                                 what Coder calls the registry
 *     team|app                                  what Coder calls the repository
 *     team|app:v1                               the image record
 */
export const REGISTRY_KEY = '@registry';
export const RECONCILIATION_KEY = '@reconciliation';

export function repositoryKey(repository: string): string {
  return repository.replaceAll('/', '|');
}

/** Reads the repository back from its own row's key, or from that of an image; undefined when it is neither. */
export function parseRepositoryKey(key: string): string | undefined {
  if (/^[!@]/.test(key)) return undefined;
  return (key.split(':', 1)[0] as string).replaceAll('|', '/');
}

export function imageKey({ repository, tag }: Reference): string {
  return `${repositoryKey(repository)}:${tag}`;
}

export function dueKey(dueOn: Date, image: Reference): string {
  return `!${dueOn.toISOString()}!${imageKey(image)}`;
}

/** Reads a due row's key back. */
export function parseDueKey(key: string): Reference {
  const image = key.slice(key.indexOf('!', 1) + 1);
  const colon = image.lastIndexOf(':');
  return { repository: image.slice(0, colon).replaceAll('|', '/'), tag: image.slice(colon + 1) };
}

/** The time in a due row's key. */
export function parseDueOn(key: string): Date {
  return new Date(key.slice(1, key.indexOf('!', 1)));
}
