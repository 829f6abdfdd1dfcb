import type { TableClient } from '@azure/data-tables';
import type { Leasable } from './lease.ts';
import type { RowCodec } from './row-codec.ts';
import { type RowKey, readRow, writeRow } from './tables.ts';

/** Reads a row that has a lease and content. @throws StorageError */
export async function readLeasable<T>(
  table: TableClient,
  codec: RowCodec<T>,
  key: RowKey,
): Promise<Leasable<T> | undefined> {
  const row = await readRow<{ leaseUntil?: Date }>(table, key);
  return row && { content: codec.fromRow(row), leaseUntil: row.leaseUntil, etag: row.etag };
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
