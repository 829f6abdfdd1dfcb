import {
  TableClient,
  type TableEntity,
  type TableEntityResult,
  type TableServiceClientOptions,
  type TransactionAction,
} from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { ConflictError, describe, StorageError } from '../../errors.ts';
import { jsonAnswers } from '../sdk/json-answers.ts';
import { capRetryAfter, limitTime } from '../sdk/limits.ts';
import { retryOptions } from '../sdk/retries.ts';

/** Longest time for one call, retries included: an event must be answered within 30 s. */
const TIMEOUT_MS = 6_000;
const OPTIONS: TableServiceClientOptions = {
  retryOptions,
  additionalPolicies: [limitTime(TIMEOUT_MS), jsonAnswers, capRetryAfter],
};

/** The tables exist already: the deployment creates them. */
export function openTable(url: string, name: string, credential: TokenCredential): TableClient {
  return new TableClient(url, name, credential, OPTIONS);
}

/** A row that only the diagnosis reads: no registry can have this name. */
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

export interface RowKey {
  partitionKey: string;
  rowKey: string;
}

/** A row with the ETag that a later change must carry. */
export type Row<T extends object> = TableEntityResult<T>;

/** The row, or undefined when there is none. @throws StorageError */
export async function readRow<T extends object>(
  table: TableClient,
  { partitionKey, rowKey }: RowKey,
): Promise<Row<T> | undefined> {
  try {
    return await table.getEntity<T>(partitionKey, rowKey);
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
 * Replaces the row that has this ETag, or creates one when no ETag is given, and gives the new ETag.
 * @throws ConflictError when the stored row has another ETag
 * @throws StorageError
 */
export async function writeRow(
  table: TableClient,
  row: TableEntity,
  etag: string | undefined,
): Promise<string> {
  const operation = etag ? table.updateEntity(row, 'Replace', { etag }) : table.createEntity(row);
  const response = await change<{ etag?: string }>(operation);
  return response.etag as string;
}

/**
 * Runs a change.
 * @throws ConflictError when the row was changed, created or deleted in between
 * @throws StorageError
 */
export async function change<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw CONFLICTS.has(codeOf(error) ?? '')
      ? new ConflictError('The row was changed in between.', { cause: error })
      : toStorageError(error);
  }
}

/** Removes every row that the filter finds, a hundred at a time: the limit of one transaction. */
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

export function toStorageError(error: unknown): StorageError {
  return new StorageError(`Table Storage: ${describe(error)}`, { cause: error });
}
