import {
  TableClient,
  type TableEntityResult,
  type TableServiceClientOptions,
  type TransactionAction,
} from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { ConflictError, describe, invalidRequest, StorageError } from '../errors.ts';
import { retryOptions } from './retries.ts';

/** Longest time for one request: an event must be answered within 30 s, retries included. */
const TIMEOUT_MS = 4_000;
const OPTIONS: TableServiceClientOptions = {
  retryOptions,
  additionalPolicies: [
    {
      position: 'perCall',
      policy: {
        name: 'time-limit',
        sendRequest(request, next) {
          request.timeout = TIMEOUT_MS;
          return next(request);
        },
      },
    },
  ],
};

/** The tables exist already: whoever deploys the app makes them. */
export function openTable(url: string, name: string, credential: TokenCredential): TableClient {
  return new TableClient(url, name, credential, OPTIONS);
}

/** A row that nobody else reads: no registry has such a name. */
const PROBE = { partitionKey: '@diagnostics', rowKey: 'written' };

/** Writes to a table, always the same row, and reads it back. @throws StorageError */
export async function proveTable(table: TableClient): Promise<void> {
  try {
    await table.upsertEntity({ ...PROBE }, 'Replace');
    await table.getEntity(PROBE.partitionKey, PROBE.rowKey);
  } catch (error) {
    throw toStorageError(error);
  }
}

/** A row with the ETag that a later change must carry. */
export type Row<T extends object> = TableEntityResult<T>;

/** The row, or undefined when there is none. @throws StorageError */
export async function readRow<T extends object>(
  table: TableClient,
  partition: string,
  row: string,
): Promise<Row<T> | undefined> {
  try {
    return await table.getEntity<T>(partition, row);
  } catch (error) {
    if (codeOf(error) === 'ResourceNotFound') return undefined;
    throw toStorageError(error);
  }
}

/**
 * All rows that the filter finds, a page at a time.
 * @param select the only properties to read; all when absent
 * @throws StorageError
 */
export async function* readRows<T extends object>(
  table: TableClient,
  filter: string,
  select?: string[],
): AsyncIterable<Row<T>> {
  try {
    yield* table.listEntities<T>({ queryOptions: { filter, ...(select && { select }) } });
  } catch (error) {
    throw toStorageError(error);
  }
}

/**
 * Runs a change.
 * @throws ConflictError when the row was changed, made or removed by somebody else meanwhile
 * @throws StorageError
 */
export async function change<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw CONFLICTS.has(codeOf(error) ?? '')
      ? new ConflictError('The row changed meanwhile.', { cause: error })
      : toStorageError(error);
  }
}

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

/** Removes every row that the filter finds, a hundred (the most that one transaction takes) at a time. */
export async function deleteRows(table: TableClient, filter: string): Promise<void> {
  try {
    const pages = table.listEntities({ queryOptions: { filter } }).byPage({ maxPageSize: 100 });
    for await (const page of pages) {
      const actions = page.map(
        ({ partitionKey, rowKey }): TransactionAction => [
          'delete',
          { partitionKey: partitionKey as string, rowKey: rowKey as string },
        ],
      );
      if (actions.length > 0) await table.submitTransaction(actions);
    }
  } catch (error) {
    throw toStorageError(error);
  }
}

/** https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes */
const CONFLICTS = new Set(['EntityAlreadyExists', 'UpdateConditionNotSatisfied', 'ResourceNotFound']);

function codeOf(error: unknown): string | undefined {
  const { code, details } = error as {
    code?: string;
    details?: { odataError?: { code?: string }; code?: string };
  };
  return details?.odataError?.code ?? details?.code ?? code;
}

function toStorageError(error: unknown): StorageError {
  return new StorageError(`Table Storage: ${describe(error)}`, { cause: error });
}
