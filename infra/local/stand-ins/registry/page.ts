const DEFAULT_SIZE = 100;
/** ACR never gives more at once, whatever is asked for (github.com/Azure/acr/issues/749). */
const LARGEST_SIZE = 1_000;

export interface Page<T> {
  items: T[];
  /** The `link` to the next page, when there is one. */
  headers: Record<string, string>;
}

/**
 * The page of `items` that the query asks for with `n` and `last`, the key of the last item seen.
 * @param more what the link says beside these two
 */
export function page<T>(
  items: T[],
  key: (item: T) => string,
  url: URL,
  more: Record<string, string> = {},
): Page<T> {
  const size = Math.min(Number(url.searchParams.get('n')) || DEFAULT_SIZE, LARGEST_SIZE);
  const rest = itemsAfter(url.searchParams.get('last') ?? '', items, key);
  const found = rest.slice(0, size);
  const last = found.at(-1);
  if (last === undefined || found.length === rest.length) return { items: found, headers: {} };

  const query = new URLSearchParams({ last: key(last), n: String(size), ...more });
  const link = `<${decodeURIComponent(url.pathname)}?${query}>; rel="next"`;
  return { items: found, headers: { link } };
}

/** `last` may have been deleted since; names then go on at the one that follows it. */
function itemsAfter<T>(last: string, items: T[], key: (item: T) => string): T[] {
  const index = items.findIndex(item => key(item) === last);
  return index < 0 ? items.filter(item => key(item) > last) : items.slice(index + 1);
}

/** ACR lists the repositories of an empty registry as `null`. */
export function orNull<T>(items: T[]): T[] | null {
  return items.length > 0 ? items : null;
}
