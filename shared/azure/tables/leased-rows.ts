import { odata, type TableClient } from '@azure/data-tables';
import type * as z from 'zod';
import { ConflictError, ServiceError } from '../../errors.ts';
import { createKeyedMutex } from '../../lib/keyed-mutex.ts';
import { readLeasable, writeLeasable } from './leasable-row.ts';
import { createLease, type Leasable } from './lease.ts';
import { createRowCodec, type OnUnreadable, skipUnreadable } from './row-codec.ts';
import { type Row, type RowKey, readRows } from './tables.ts';

/** Rows of one kind. One worker at a time works on each. A row that does not exist has empty content. */
export interface LeasedRows<T> {
  /** A damaged row counts as empty. @throws UnreadableRowError for a row that a newer release wrote */
  read(key: RowKey): Promise<T>;
  /** Every row of the partition that can be read. */
  each(partitionKey: string): AsyncIterable<{ rowKey: string; content: T }>;
  /** As `read`, but it @throws UnreadableRowError for a damaged row too. */
  readIntact(key: RowKey): Promise<T>;
  /**
   * Runs `work` while no other worker, in this instance or another, holds the same row. Stores what `work` changed in
   * the content, even if it fails. After a failure with an uncertain result, it does not release the lease but lets it
   * run out, so that a request still under way can take effect first. A damaged row counts as empty.
   *
   * @param work learns whether an earlier holder died, or the row was damaged: there may be more than the content says.
   * `save` stores what it changed so far, and renews the lease; it throws ConflictError when another worker has taken
   * the row over.
   * @throws UnreadableRowError for a row that a newer release wrote
   * @throws ServiceError `coder-busy` when another worker holds the row until `signal` aborts
   */
  withLease<R>(
    key: RowKey,
    signal: AbortSignal,
    work: (content: T, wasAbandoned: boolean, save: () => Promise<void>) => Promise<R>,
  ): Promise<R>;
}

/** Leases on the rows of a table, independent of their content. */
export interface LeasedTable {
  /** @param content schema of the columns, all of them optional */
  rows<S extends z.ZodObject>(content: S): LeasedRows<z.output<S>>;
  /** Whether a worker holds any row of the partition now. */
  anyHeld(partitionKey: string): Promise<boolean>;
}

const KIND = 'link';

/**
 * @param leaseMs longer than any import may take, so that a lease only runs out when its holder died
 * @param onUnreadable learns of each damaged row that is replaced
 */
export function createLeasedTable(
  table: TableClient,
  now: () => Date,
  leaseMs: number,
  onUnreadable: OnUnreadable,
): LeasedTable {
  return {
    rows: content => createLeasedRows(table, content, now, leaseMs, onUnreadable),

    async anyHeld(partitionKey) {
      const filter = odata`PartitionKey eq ${partitionKey} and kind eq ${KIND} and leaseUntil gt ${now()}`;
      for await (const _ of readRows(table, filter)) return true;
      return false;
    },
  };
}

function createLeasedRows<S extends z.ZodObject>(
  table: TableClient,
  content: S,
  now: () => Date,
  leaseMs: number,
  onUnreadable: OnUnreadable,
): LeasedRows<z.output<S>> {
  type T = z.output<S>;
  const codec = createRowCodec(content, { constants: { kind: KIND } });
  // Workers of this process queue here, so that only one of them polls the table.
  const mutex = createKeyedMutex();

  const empty = (): T => content.parse({});

  async function read(key: RowKey): Promise<Leasable<T>> {
    const found = await readLeasable(table, codec, key, error => {
      onUnreadable(error);
      return empty();
    });
    return found ?? { content: empty(), etag: undefined };
  }

  async function workOn<R>(
    key: RowKey,
    signal: AbortSignal,
    work: (content: T, wasAbandoned: boolean, save: () => Promise<void>) => Promise<R>,
  ): Promise<R> {
    const write = (row: Leasable<T>) => writeLeasable(table, codec, key, row);
    const lease = createLease(write, now, leaseMs);
    const taken = await lease.waitToTake(() => read(key), signal);
    if (!taken) throw busy();
    let held: Leasable<T> = taken;
    let settled = true;
    try {
      return await work(taken.content, taken.wasAbandoned, async () => {
        held = await lease.save(held);
      });
    } catch (error) {
      settled = !(error instanceof ServiceError && error.uncertain);
      throw error;
    } finally {
      // Another worker took over the lease after it ran out, and has written the current content.
      await (settled ? lease.release(held) : write(held)).catch(ignoreConflict);
    }
  }

  return {
    read: async key => (await read(key)).content,
    async *each(partitionKey) {
      const readable = skipUnreadable(codec.fromRow, onUnreadable) as (row: Row<object>) => T[];
      const filter = odata`PartitionKey eq ${partitionKey} and kind eq ${KIND}`;
      for await (const row of readRows<object>(table, filter)) {
        for (const content of readable(row)) yield { rowKey: row.rowKey as string, content };
      }
    },
    readIntact: async key => (await readLeasable(table, codec, key))?.content ?? empty(),

    withLease: (key, signal, work) =>
      mutex
        .runExclusive(`${key.partitionKey} ${key.rowKey}`, signal, () => workOn(key, signal, work))
        .catch((error: unknown) => {
          throw error === signal.reason ? busy() : error;
        }),
  };
}

function busy(): ServiceError {
  return new ServiceError('coder-busy', 'Other imports of the same repository used up the time.');
}

function ignoreConflict(error: unknown): void {
  if (!(error instanceof ConflictError)) throw error;
}
