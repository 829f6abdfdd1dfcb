import { odata, type TableClient, type TransactionAction } from '@azure/data-tables';
import { repositoryKey } from '../azure/keys.ts';
import { createRowCodec } from '../azure/row-codec.ts';
import { ROW_VERSION } from '../azure/row-version.ts';
import { type Page, type PageRequest, readPage } from '../azure/table-pages.ts';
import { change, deleteRows, type Row, type RowKey, readRow, readRows } from '../azure/tables.ts';
import type { Reference } from '../policy/reference.ts';
import type { ImageReason, State } from '../reasons.ts';
import { type HeardBy, ImageRecord, type StoredImage } from './image.ts';
import { dueKey, imageKey, parseDueKey, repositoryOfRow } from './keys.ts';

/** When the newest push was that was heard of in each way; absent when none was. */
export interface Heard {
  byEvent?: Date;
  byReconciliation?: Date;
}

/** What a due row tells. */
export interface WaitingImage extends Reference {
  dueOn: Date;
  /** The push that is to arrive in Coder; absent when only a comparison found it. */
  pushedOn?: Date;
  /** The registry may show it any moment. */
  isAwaited: boolean;
}

export interface ImageFilter {
  registry?: string | undefined;
  state?: State | undefined;
}

/** The image records, and beside each pending one its due row, which always change together. */
export interface Images {
  get(registry: string, image: Reference): Promise<StoredImage | undefined>;
  /** Writes `record` over `previous`, and gives the new ETag. @throws ConflictError when `previous` is no longer what is stored */
  save(record: ImageRecord, previous: StoredImage | undefined): Promise<string>;
  list(filter: ImageFilter, page: PageRequest): Promise<Page<ImageRecord>>;
  /** Records of one repository that hold this digest, or all of them. */
  ofRepository(registry: string, repository: string, digest?: string): AsyncIterable<ImageRecord>;
  /** Every repository that has a row; some come twice. */
  repositories(registry: string): AsyncIterable<string>;
  /** Images that are parked or wait for another attempt; of one reason, if one is named. */
  unfinished(registry: string, reason?: ImageReason): AsyncIterable<StoredImage>;
  /** How long each push took that arrived in Coder since then, in ms. */
  latencies(registry: string, since: Date): AsyncIterable<number>;
  /** Images that are to be tried again, in the order of their times. */
  waiting(registry: string): AsyncIterable<WaitingImage>;
  /** The newest push that an event told of, and the newest that only a comparison found. */
  heard(registry: string): Promise<Heard>;
  /** Removes everything about a registry's images. */
  deleteAll(registry: string): Promise<void>;
}

const codec = createRowCodec(ImageRecord, {
  constants: { kind: 'image', version: ROW_VERSION },
  inKey: { partitionKey: 'registry' },
});

/** Beside a record that is due, under its time. */
interface DueRow {
  pushedOn?: Date;
  isAwaited?: boolean;
}

/** @param table the `images` table */
export function createImages(table: TableClient): Images {
  return {
    async get(registry, image) {
      const row = await readRow(table, keyOf({ registry, ...image }));
      return row && toStored(row);
    },

    async save(record, previous) {
      const before = previous?.dueOn && dueKey(previous.dueOn, record);
      // A removal of the registry that was cut off may have left the record and taken its due row.
      const hasDueRow =
        before !== undefined &&
        (await readRow(table, { partitionKey: record.registry, rowKey: before })) !== undefined;
      const actions = saveActions(record, previous, hasDueRow ? before : undefined);
      const response = await change(table.submitTransaction(actions));
      return response.getResponseForEntity(imageKey(record))?.etag as string;
    },

    async list({ registry, state }, page) {
      const conditions = [
        odata`kind eq 'image'`,
        ...(registry === undefined ? [] : [odata`PartitionKey eq ${registry}`]),
        ...(state === undefined ? [] : [odata`state eq ${state}`]),
      ];
      const { items, ...rest } = await readPage(table, conditions.join(' and '), page);
      return { items: items.map(toRecord), ...rest };
    },

    async *ofRepository(registry, repository, digest) {
      const key = repositoryKey(repository);
      // ';' follows ':' in ASCII, so this range is exactly the rows of this repository's tags.
      const range = odata`PartitionKey eq ${registry} and RowKey ge ${`${key}:`} and RowKey lt ${`${key};`}`;
      const filter = digest === undefined ? range : `${range} and ${odata`digest eq ${digest}`}`;
      for await (const row of readRows(table, filter)) yield toRecord(row);
    },

    async *repositories(registry) {
      let last: string | undefined;
      const filter = odata`PartitionKey eq ${registry} and RowKey ge '0'`;
      for await (const { rowKey } of readRows(table, filter, ['RowKey'])) {
        const repository = repositoryOfRow(rowKey as string);
        if (repository !== undefined && repository !== last) yield repository;
        last = repository;
      }
    },

    async *unfinished(registry, reason) {
      const all = odata`PartitionKey eq ${registry} and (state eq 'failed' or state eq 'pending')`;
      const filter = reason === undefined ? all : `${all} and ${odata`reason eq ${reason}`}`;
      for await (const row of readRows(table, filter)) yield toStored(row);
    },

    async *latencies(registry, since) {
      const filter = odata`PartitionKey eq ${registry} and importedOn ge ${since} and latencyMs ge 0`;
      for await (const { latencyMs } of readRows<{ latencyMs: number }>(table, filter, ['latencyMs'])) {
        yield latencyMs;
      }
    },

    async *waiting(registry) {
      const filter = odata`PartitionKey eq ${registry} and RowKey ge '!' and RowKey lt '"'`;
      for await (const { rowKey, pushedOn, isAwaited = false } of readRows<DueRow>(table, filter)) {
        yield { ...parseDueKey(rowKey as string), isAwaited, ...(pushedOn && { pushedOn }) };
      }
    },

    async heard(registry) {
      const newest: Partial<Record<HeardBy, Date>> = {};
      const filter = odata`PartitionKey eq ${registry} and kind eq 'image'`;
      const pushes = readRows<Pick<ImageRecord, 'heardBy' | 'pushedOn'>>(table, filter, [
        'heardBy',
        'pushedOn',
      ]);
      for await (const { heardBy, pushedOn } of pushes) {
        if (pushedOn > (newest[heardBy] ?? 0)) newest[heardBy] = pushedOn;
      }
      const { event, reconciliation } = newest;
      return {
        ...(event && { byEvent: event }),
        ...(reconciliation && { byReconciliation: reconciliation }),
      };
    },

    async deleteAll(registry) {
      await deleteRows(table, odata`PartitionKey eq ${registry}`);
    },
  };
}

/** One entity group transaction: the record, the due row that it had, and the one that it gets. */
function saveActions(
  record: ImageRecord,
  previous: StoredImage | undefined,
  before: string | undefined,
): TransactionAction[] {
  const partitionKey = record.registry;
  const entity = codec.toRow(record, keyOf(record));
  const actions: TransactionAction[] = previous
    ? [['update', entity, 'Replace', { etag: previous.etag }]]
    : [['create', entity]];
  const after = record.dueOn && dueKey(record.dueOn, record);
  if (before !== after) {
    if (before) actions.push(['delete', { partitionKey, rowKey: before }]);
    // What was there before the bridge kept nobody waiting.
    const pushedOn = record.heardBy !== 'reconciliation' && { pushedOn: record.pushedOn };
    const isAwaited = record.reason === 'waiting-for-registry' && { isAwaited: true };
    if (after)
      actions.push(['create', { partitionKey, rowKey: after, kind: 'due', ...pushedOn, ...isAwaited }]);
  }
  return actions;
}

function keyOf(image: Reference & { registry: string }): RowKey {
  return { partitionKey: image.registry, rowKey: imageKey(image) };
}

function toStored(row: Row<object>): StoredImage {
  return { ...toRecord(row), etag: row.etag };
}

/** Earlier releases kept one part of the memo, in a column of its own. */
function toRecord(row: Row<{ memo?: string; coderImageId?: string }>): ImageRecord {
  const { memo, coderImageId } = row;
  const isEarlier = memo === undefined && coderImageId !== undefined;
  return codec.fromRow(isEarlier ? Object.assign(row, { memo: JSON.stringify({ coderImageId }) }) : row);
}
