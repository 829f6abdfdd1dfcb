import type { TableClient } from '@azure/data-tables';
import { invalidRequest } from '../errors.ts';
import { type Row, toStorageError } from './tables.ts';

/** One page of a list, with the opaque token that continues it. */
export interface Page<T> {
  items: T[];
  continuationToken?: string;
}

export interface PageRequest {
  limit: number;
  continuationToken?: string | undefined;
}

/**
 * Reads one page of rows. The service may give fewer than asked for, even none, and still go on.
 * @throws RefusedError when the continuation token is not one that we gave
 * @throws StorageError
 */
export async function readPage<T extends object>(
  table: TableClient,
  filter: string,
  { limit, continuationToken }: PageRequest,
): Promise<Page<Row<T>>> {
  if (continuationToken !== undefined && !isContinuationToken(continuationToken)) {
    throw invalidRequest([{ path: 'continuationToken', message: 'is not one that a list gave' }]);
  }
  try {
    const pages = table
      .listEntities<T>({ queryOptions: { filter } })
      .byPage({ maxPageSize: limit, ...(continuationToken && { continuationToken }) });
    const { value } = await pages.next();
    const next = value?.continuationToken;
    return { items: [...(value ?? [])], ...(next && { continuationToken: next }) };
  } catch (error) {
    throw toStorageError(error);
  }
}

/** The service's encoding of a key within its tokens. */
const KEY = /^[\w!+/=.-]{1,2048}$/;

/** The SDK's tokens are base64 of JSON that names the next row, and it fails on any others. */
function isContinuationToken(text: string): boolean {
  try {
    const { nextPartitionKey, nextRowKey } = JSON.parse(Buffer.from(text, 'base64').toString());
    return KEY.test(nextPartitionKey) && (nextRowKey === undefined || KEY.test(nextRowKey));
  } catch {
    return false;
  }
}
