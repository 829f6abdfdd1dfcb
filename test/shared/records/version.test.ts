import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../../infra/local/oci-image.ts';
import { openTable } from '../../../shared/azure/tables/tables.ts';
import { type Bridge, split, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
  await bridge.put();
  await bridge.push('team/app:v1', image());
  await bridge.pushed('team/app:v1');
});
afterAll(() => bridge.close());

const ROWS = [
  {
    table: 'registries',
    partition: 'registry',
    row: 'contoso',
    read: () => bridge.services.registries.get('contoso'),
  },
  {
    table: 'images',
    partition: 'contoso',
    row: 'team|app:v1',
    read: () => bridge.services.images.get('contoso', split('team/app:v1')),
  },
];

test.each(ROWS)(
  'a row of $table is read in its first form, and left alone when a newer release wrote it',
  async ({ table, partition, row, read }) => {
    const client = openTable(
      bridge.cloud.appSettings.TABLES_URL as string,
      table,
      bridge.services.credential,
    );
    const { version, ...first } = await client.getEntity<{ version: number }>(partition, row);
    expect(version).toBe(1);
    const entity = { ...first, partitionKey: partition, rowKey: row };

    await client.updateEntity(entity, 'Replace');
    expect(await read()).toBeDefined();

    await client.updateEntity({ ...entity, version: 2 }, 'Replace');
    await expect(read()).rejects.toThrow(
      `The row ${partition}/${row} was written by a newer release of the bridge (version 2, this one understands 1).`,
    );
  },
);
