import * as z from 'zod';

/** A text that says something. `null` and whatever is no text count as absent, and so does an empty text. */
export const text = z
  .string()
  .optional()
  .catch(undefined)
  .transform(value => value || undefined);

/** A media type without its parameters. Upper and lower case mean the same (RFC 6838). */
export const mediaType = text.transform(value => value?.split(';', 1)[0]?.trim().toLowerCase() || undefined);

/** The items that can be read; none when it is no list. */
export function listOf<T extends z.ZodType>(item: T) {
  return z
    .array(item.nullable().catch(null))
    .optional()
    .catch(undefined)
    .transform(items => items?.filter(found => found !== null));
}
