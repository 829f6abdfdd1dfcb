import type { TableEntity } from '@azure/data-tables';
import { openTable } from '../../shared/azure/tables/tables.ts';
import type { Bridge } from './bridge.ts';

/** Writes these columns into a row, past the bridge. Gives what puts the row back as it was. */
export async function damageRow(
  { cloud, services }: Pick<Bridge, 'cloud' | 'services'>,
  [table, partitionKey, rowKey]: readonly [table: string, partition: string, row: string],
  columns: Record<string, unknown>,
): Promise<() => Promise<void>> {
  const client = openTable(cloud.appSettings.TABLES_URL as string, table, services.credential);
  const before = await client.getEntity(partitionKey, rowKey);
  await client.updateEntity({ partitionKey, rowKey, ...columns }, 'Merge');
  return async () => {
    await client.upsertEntity(before as TableEntity, 'Replace');
  };
}

/** Deletes a row, past the bridge. */
export async function deleteRow(
  { cloud, services }: Pick<Bridge, 'cloud' | 'services'>,
  [table, partitionKey, rowKey]: readonly [table: string, partition: string, row: string],
): Promise<void> {
  const client = openTable(cloud.appSettings.TABLES_URL as string, table, services.credential);
  await client.deleteEntity(partitionKey, rowKey);
}
