import { odata, type TableClient } from '@azure/data-tables';
import { invalidRequest } from '../../errors.ts';
import type { Page, PageRequest } from './pages.ts';
import { type Row, readRows } from './tables.ts';

/** A row's place in the order: by time, the latest first, and by key among those of the same time. */
interface Place {
  on: Date;
  key: string;
}

/**
 * Reads one page of rows, the latest first. Table Storage cannot sort: each page reads every row that the filter finds
 * and that comes after the page before. Only one page of them stays in memory.
 *
 * @param column holds the time by which rows are sorted; rows without it come in no page
 * @throws RefusedError when the bridge did not issue the continuation token
 * @throws StorageError
 */
export async function readLatest(
  table: TableClient,
  filter: string,
  column: string,
  { limit, continuationToken }: PageRequest,
): Promise<Page<Row<object>>> {
  const after = continuationToken === undefined ? undefined : parseToken(continuationToken);
  const rest = after ? ` and ${column} ${odata`le ${after.on}`}` : '';
  const placeOf = (row: Row<object>): Place => placeIn(row, column);
  let found: Row<object>[] = [];
  let hasMore = false;
  const keepFirst = () => {
    found.sort((one, other) => compare(placeOf(one), placeOf(other)));
    hasMore ||= found.length > limit;
    found = found.slice(0, limit);
  };
  for await (const row of readRows<object>(table, `${filter}${rest}`)) {
    if (Number.isNaN(placeOf(row).on.getTime())) continue;
    if (after && compare(placeOf(row), after) <= 0) continue;
    found.push(row);
    if (found.length > 2 * limit) keepFirst();
  }
  keepFirst();
  const last = hasMore ? found.at(-1) : undefined;
  return { items: found, ...(last && { continuationToken: formatToken(placeOf(last)) }) };
}

function placeIn(row: Row<object>, column: string): Place {
  const on = (row as Record<string, unknown>)[column];
  return {
    on: on instanceof Date ? on : new Date(Number.NaN),
    key: `${row.partitionKey}/${row.rowKey}`,
  };
}

function compare(one: Place, other: Place): number {
  return other.on.getTime() - one.on.getTime() || (one.key < other.key ? -1 : Number(one.key > other.key));
}

function formatToken({ on, key }: Place): string {
  return Buffer.from(JSON.stringify({ on, key })).toString('base64url');
}

function parseToken(text: string): Place {
  try {
    const { on, key } = JSON.parse(Buffer.from(text, 'base64url').toString());
    const place = { on: new Date(on), key };
    if (typeof on === 'string' && typeof key === 'string' && !Number.isNaN(place.on.getTime())) return place;
  } catch {
    // It is no JSON.
  }
  throw invalidRequest([
    { path: 'continuationToken', message: 'is not a token from an earlier page of this order' },
  ]);
}
