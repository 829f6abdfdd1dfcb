import type { TableClient } from '@azure/data-tables';
import { invalidRequest } from '../../errors.ts';
import { type Row, toStorageError } from './tables.ts';

/** One page of a list, with the opaque token for the next one. */
export interface Page<T> {
  items: T[];
  continuationToken?: string;
}

export interface PageRequest {
  limit: number;
  continuationToken?: string | undefined;
}

/**
 * Reads one page of rows. The service may give fewer rows than asked for, even none, and still have more.
 * @throws RefusedError when the bridge did not issue the continuation token
 * @throws StorageError
 */
export async function readPage<T extends object>(
  table: TableClient,
  filter: string,
  { limit, continuationToken }: PageRequest,
): Promise<Page<Row<T>>> {
  if (continuationToken !== undefined && !isContinuationToken(continuationToken)) {
    throw invalidRequest([{ path: 'continuationToken', message: 'is not a token from an earlier page' }]);
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

/** How the service encodes a key in its tokens. */
const KEY = /^[\w!+/=.-]{1,2048}$/;

/** The SDK's tokens are base64 of JSON that names the next row. The SDK throws on anything else. */
function isContinuationToken(text: string): boolean {
  try {
    const { nextPartitionKey, nextRowKey } = JSON.parse(Buffer.from(text, 'base64').toString());
    return KEY.test(nextPartitionKey) && (nextRowKey === undefined || KEY.test(nextRowKey));
  } catch {
    return false;
  }
}
