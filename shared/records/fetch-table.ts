import type { TableClient } from '@azure/data-tables';
import { change, readRow } from '../azure/tables/tables.ts';
import { FETCHED_KEY } from './keys.ts';

/** Which credential of a registry was fetched last over HTTP. */
export interface Fetches {
  /** @param secretVersion of the credential that is about to be given. @throws StorageError */
  note(registry: string, secretVersion: string): Promise<void>;
  /** Its version; undefined when none was fetched. @throws StorageError */
  last(registry: string): Promise<string | undefined>;
}

/** @param table the `images` table, where deleting a registry deletes this row too */
export function createFetches(table: TableClient): Fetches {
  return {
    async note(partitionKey, secretVersion) {
      await change(table.upsertEntity({ partitionKey, rowKey: FETCHED_KEY, secretVersion }, 'Replace'));
    },
    async last(partitionKey) {
      const row = await readRow<{ secretVersion: string }>(table, { partitionKey, rowKey: FETCHED_KEY });
      return row?.secretVersion;
    },
  };
}
