import type { TableClient } from '@azure/data-tables';
import { UnreadableRowError } from '../../errors.ts';
import type { Leasable } from './lease.ts';
import type { RowCodec } from './row-codec.ts';
import { type RowKey, readRow, writeRow } from './tables.ts';

/**
 * Reads a row that has a lease and content.
 *
 * @param insteadOfDamaged the content to go on with when the row is damaged; such a row counts as abandoned
 * @throws UnreadableRowError
 * @throws StorageError
 */
export async function readLeasable<T>(
  table: TableClient,
  codec: RowCodec<T>,
  key: RowKey,
  insteadOfDamaged?: (error: UnreadableRowError) => T,
): Promise<Leasable<T> | undefined> {
  const row = await readRow<{ leaseUntil?: Date }>(table, key);
  if (!row) return undefined;
  const { leaseUntil, etag } = row;
  try {
    return { content: codec.fromRow(row), leaseUntil, etag };
  } catch (error) {
    if (!(error instanceof UnreadableRowError) || error.isNewer || !insteadOfDamaged) throw error;
    const held = leaseUntil instanceof Date ? leaseUntil : new Date(0);
    return { content: insteadOfDamaged(error), leaseUntil: held, etag };
  }
}

/** Writes the row and gives its new ETag. @throws ConflictError when the row changed after it was read; StorageError */
export function writeLeasable<T>(
  table: TableClient,
  codec: RowCodec<T>,
  key: RowKey,
  { content, leaseUntil, etag }: Leasable<T>,
): Promise<string> {
  return writeRow(table, { ...codec.toRow(content, key), ...(leaseUntil && { leaseUntil }) }, etag);
}
