import { parseRepositoryKey, repositoryKey } from '../azure/tables/keys.ts';
import { isRepository, isTag, type Reference } from '../policy/reference.ts';

/**
 * Row keys of the `images` table. `|`, `:`, `!` and `@` occur in no OCI name, so the kinds of row cannot be mistaken
 * for one another:
 *
 *     !2026-01-31T08:00:00.000Z!team|app:v1    due row: when to try the import again
 *     @fetched                                  which credential was fetched last over HTTP
 *     @reconciliation                           the last reconciliation of the registry
 *     @registry                                 the registry in Coder (coder/classic/memory.ts)
 *     team|app                                  the repository's image in Coder (the same)
 *     team|app:v1                               the image record
 */
export const FETCHED_KEY = '@fetched';
export const RECONCILIATION_KEY = '@reconciliation';

export function imageKey({ repository, tag }: Reference): string {
  return `${repositoryKey(repository)}:${tag}`;
}

/** The repository of a row, or of the image in the row; undefined for rows of other kinds, and for odd names. */
export function repositoryOfRow(key: string): string | undefined {
  const repository = parseRepositoryKey(key.split(':', 1)[0] as string);
  return isRepository(repository) ? repository : undefined;
}

export function dueKey(dueOn: Date, image: Reference): string {
  return `!${dueOn.toISOString()}!${imageKey(image)}`;
}

/** Reads a due row's key back; undefined for a key that the bridge never writes. */
export function parseDueKey(key: string): (Reference & { dueOn: Date }) | undefined {
  const [, time = '', image = ''] = key.split('!');
  const [name = '', tag = ''] = image.split(':');
  const repository = parseRepositoryKey(name);
  const dueOn = new Date(time);
  const isDueKey = isRepository(repository) && isTag(tag) && !Number.isNaN(dueOn.getTime());
  return isDueKey ? { repository, tag, dueOn } : undefined;
}
