import { odata, type TableClient } from '@azure/data-tables';
import { createRowCodec, type OnUnreadable, skipUnreadable } from '../azure/tables/row-codec.ts';
import { change, deleteRows, type Row, readRows } from '../azure/tables/tables.ts';
import { Summary } from './summary.ts';

/** One summary per registry, in one partition, so that one query reads all of them. */
export interface Summaries {
  /** undefined when there is none, or it cannot be read: the next count replaces it. */
  get(registry: string): Promise<Summary | undefined>;
  /** Every one that can be read. */
  each(): AsyncIterable<Summary>;
  /** Replaces the summary of the registry, whatever it was. */
  save(summary: Summary): Promise<void>;
  remove(registry: string): Promise<void>;
}

const PARTITION = 'summary';
const ALL = odata`PartitionKey eq ${PARTITION}`;
const codec = createRowCodec(Summary, { inKey: { rowKey: 'registry' } });

/**
 * @param table the `registries` table
 * @param onUnreadable learns of each row that is left out because it cannot be read
 */
export function createSummaries(table: TableClient, onUnreadable: OnUnreadable): Summaries {
  const readable = skipUnreadable(codec.fromRow, onUnreadable) as (row: Row<object>) => Summary[];
  const one = (registry: string) => `${ALL} and ${odata`RowKey eq ${registry}`}`;

  async function* read(filter: string): AsyncIterable<Summary> {
    for await (const row of readRows<object>(table, filter)) yield* readable(row);
  }

  return {
    async get(registry) {
      for await (const summary of read(one(registry))) return summary;
      return undefined;
    },

    each: () => read(ALL),

    async save(summary) {
      const key = { partitionKey: PARTITION, rowKey: summary.registry };
      await change(table.upsertEntity(codec.toRow(summary, key), 'Replace'));
    },

    remove: registry => deleteRows(table, one(registry)),
  };
}
