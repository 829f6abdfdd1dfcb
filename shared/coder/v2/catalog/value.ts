import { createHash } from 'node:crypto';
import * as z from 'zod';

/** An image to choose from. People's templates and lists may have more in an entry. */
const CatalogEntry = z.looseObject({
  /** Value of the parameter's option, so that it must stay as it is while a workspace has it. */
  id: z.string(),
  name: z.string().optional(),
  description: z.string().optional(),
  image: z.string(),
  /** It is not to be offered any more, and stays because it is in use. */
  kept: z.boolean().optional(),
});
export type CatalogEntry = z.infer<typeof CatalogEntry>;

/** One `-var` argument may have 131,072 bytes on Linux, where Terraform breaks; and people choose from this list. */
const MOST_BYTES = 32_000;
const MOST_ENTRIES = 100;
/** Of other values as much is remembered as they are. */
const LONGEST_VALUE = 500;

/** undefined when the text is no list of images. */
export function parseCatalog(text: string | undefined): CatalogEntry[] | undefined {
  if (!text?.trimStart().startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(text);
    // As people wrote it, also the order of what an entry has.
    return z.array(CatalogEntry).safeParse(list).success ? (list as CatalogEntry[]) : undefined;
  } catch {
    return undefined;
  }
}

export function formatCatalog(entries: readonly CatalogEntry[]): string {
  return JSON.stringify(entries);
}

export function fits(entries: readonly CatalogEntry[]): boolean {
  return entries.length <= MOST_ENTRIES && Buffer.byteLength(formatCatalog(entries)) <= MOST_BYTES;
}

/** What stands for a value that is too long to remember: of a catalog such as `12 images 0a1b2c3d`. */
export function stampOf(text: string): string {
  const entries = parseCatalog(text);
  if (entries) return `${entries.length} images ${hash(text)}`;
  return text.length > LONGEST_VALUE ? `text ${hash(text)}` : text;
}

/** The parts of what `stampOf` gave for a catalog. */
export function readStamp(value: string): { count: string; text: string } | undefined {
  const [, count, text] = /^(\d+) images ([0-9a-f]{8})$/.exec(value) ?? [];
  return count && text ? { count, text } : undefined;
}

export function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
