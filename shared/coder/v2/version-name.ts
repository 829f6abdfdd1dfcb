import { createHash } from 'node:crypto';
import { readStamp } from './catalog/value.ts';
import { parseValue } from './value.ts';

/** How the names of the bridge's own versions begin. */
export const VERSION_PREFIX = 'acr-';
const LONGEST_TAG = 30;

/**
 * Name of the version that carries these values on top of a base version. It is the same after a crash, and another
 * after a rebase, so that it serves as the key under which a version is found again.
 *
 * Coder takes `^[a-zA-Z0-9]+(?:[_.-]{1}[a-zA-Z0-9]+)*$`, at most 64 characters.
 *
 * @param values by the name of the variable
 * @param attempt 1 for the first; later ones get a suffix of their own
 */
export function versionName(
  values: Readonly<Record<string, string>>,
  baseVersionId: string,
  attempt: number,
): string {
  const base = baseVersionId.replaceAll('-', '').slice(0, 8);
  const suffix = attempt > 1 ? `.${attempt}` : '';
  return `${VERSION_PREFIX}${contentOf(values)}-${base}${suffix}`;
}

/** What the version changes, for people who look at the list of versions. */
function contentOf(values: Readonly<Record<string, string>>): string {
  const texts = Object.entries(values);
  const [first] = texts;
  const { tag, digest } = (texts.length === 1 && first && parseValue(first[1])) || {};
  if (digest) return [plain(tag ?? ''), digest.split(':')[1]?.slice(0, 8)].filter(Boolean).join('-');
  const catalog = texts.length === 1 && first ? readStamp(first[1]) : undefined;
  if (catalog) return `${catalog.count}-images-${catalog.text}`;
  const hash = createHash('sha256').update(JSON.stringify(texts.sort())).digest('hex');
  return `${texts.length}-images-${hash.slice(0, 8)}`;
}

/** A tag without runs of separators, and without one at its ends. */
function plain(tag: string): string {
  return tag
    .replace(/[^a-zA-Z0-9]*([^a-zA-Z0-9])/g, '$1')
    .slice(0, LONGEST_TAG)
    .replace(/^[^a-zA-Z0-9]+|[^a-zA-Z0-9]+$/g, '');
}
