import { odata, type TableClient } from '@azure/data-tables';
import type * as z from 'zod';
import { ConflictError, ServiceError } from '../errors.ts';
import { createKeyedMutex } from '../lib/keyed-mutex.ts';
import { readLeasable, writeLeasable } from './leasable-row.ts';
import { createLease, type Leasable } from './lease.ts';
import { createRowCodec } from './row-codec.ts';
import { type RowKey, readRows } from './tables.ts';

/** Rows with content of one kind, on each of which one worker works at a time. What no row says of is empty. */
export interface LeasedRows<T> {
  read(key: RowKey): Promise<T>;
  /**
   * Runs `work` while no other worker, in this instance or another, holds the same row, and keeps what `work` changed
   * in the content, even if it fails. After a failure that leaves open what was done elsewhere, the lease is left to
   * run out, which gives a request that is still under way time to show.
   *
   * @param work is given whether a holder before it died, so that more may have happened than the content says
   * @throws ServiceError `coder-busy` when the row stays held until `signal` aborts
   */
  withLease<R>(
    key: RowKey,
    signal: AbortSignal,
    work: (content: T, wasAbandoned: boolean) => Promise<R>,
  ): Promise<R>;
}

/** Rows of a table that are leased, whatever is in them. */
export interface LeasedTable {
  /** @param content columns of the rows, all of them optional */
  rows<S extends z.ZodObject>(content: S): LeasedRows<z.output<S>>;
  /** Whether any row of the partition is held now. */
  anyHeld(partitionKey: string): Promise<boolean>;
}

const KIND = 'link';

/** @param leaseMs longer than any import may take, so that a lease ends only by release or with its holder's death */
export function createLeasedTable(table: TableClient, now: () => Date, leaseMs: number): LeasedTable {
  return {
    rows: content => createLeasedRows(table, content, now, leaseMs),

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
): LeasedRows<z.output<S>> {
  type T = z.output<S>;
  const codec = createRowCodec(content, { constants: { kind: KIND } });
  // Of many workers in this process only the first polls the table.
  const mutex = createKeyedMutex();

  async function read(key: RowKey): Promise<Leasable<T>> {
    return (await readLeasable(table, codec, key)) ?? { content: content.parse({}), etag: undefined };
  }

  async function workOn<R>(
    key: RowKey,
    signal: AbortSignal,
    work: (content: T, wasAbandoned: boolean) => Promise<R>,
  ): Promise<R> {
    const write = (row: Leasable<T>) => writeLeasable(table, codec, key, row);
    const lease = createLease(write, now, leaseMs);
    const taken = await lease.waitToTake(() => read(key), signal);
    if (!taken) throw busy();
    let settled = true;
    try {
      return await work(taken.content, taken.wasAbandoned);
    } catch (error) {
      settled = !(error instanceof ServiceError && error.uncertain);
      throw error;
    } finally {
      // Who took the lease over after it ran out has written what is true now.
      await (settled ? lease.release(taken) : write(taken)).catch(ignoreConflict);
    }
  }

  return {
    read: async key => (await read(key)).content,

    withLease: (key, signal, work) =>
      mutex
        .runExclusive(`${key.partitionKey} ${key.rowKey}`, signal, () => workOn(key, signal, work))
        .catch((error: unknown) => {
          throw error === signal.reason ? busy() : error;
        }),
  };
}

function busy(): ServiceError {
  return new ServiceError('coder-busy', 'Other imports of the same repository took all the time there was.');
}

function ignoreConflict(error: unknown): void {
  if (!(error instanceof ConflictError)) throw error;
}
