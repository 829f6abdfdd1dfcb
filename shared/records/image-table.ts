import { odata, type TableClient, type TransactionAction } from '@azure/data-tables';
import { readLatest } from '../azure/tables/latest.ts';
import { type Page, type PageRequest, readPage } from '../azure/tables/pages.ts';
import { createRowCodec, type OnUnreadable, skipUnreadable } from '../azure/tables/row-codec.ts';
import { ROW_VERSION } from '../azure/tables/row-version.ts';
import { change, deleteRows, type Row, type RowKey, readRow, readRows } from '../azure/tables/tables.ts';
import { ConflictError, type UnreadableRowError } from '../errors.ts';
import type { Reference } from '../policy/reference.ts';
import { type ImageReason, isCheckedSoon } from '../reasons.ts';
import { type HeardBy, ImageRecord, type StoredImage } from './image.ts';
import { conditionOf, type ImageFilter } from './image-filter.ts';
import { dueKey, imageKey, parseDueKey, repositoryOfRow } from './keys.ts';

/** Time of the newest push by the way the bridge learned of it; absent when there was none. */
export interface Heard {
  byEvent?: Date;
  byReconciliation?: Date;
}

/** The content of a due row. */
export interface WaitingImage extends Reference {
  dueOn: Date;
  /** The push that must arrive in Coder; absent when only a reconciliation found it. */
  pushedOn?: Date;
  /** It is checked again within seconds. */
  isCheckedSoon: boolean;
}

/** What is counted of an image record. A damaged row may have other types than these. */
export type CountedImage = Pick<
  ImageRecord,
  'state' | 'reason' | 'heardBy' | 'pushedOn' | 'importedOn' | 'latencyMs'
>;
const COUNTED: (keyof CountedImage)[] = ['state', 'reason', 'heardBy', 'pushedOn', 'importedOn', 'latencyMs'];

/**
 * The image records and, for each pending one, its due row. Both always change together. A row that cannot be read is
 * left out of every list.
 */
export interface Images {
  /** @throws UnreadableRowError */
  get(registry: string, image: Reference): Promise<StoredImage | undefined>;
  /** Whether there is a record, even if it cannot be read. */
  exists(registry: string, image: Reference): Promise<boolean>;
  /**
   * Writes `record` over `previous`, and gives the new ETag.
   * @param previous also one that cannot be read; the sweep then drops its due row
   * @throws ConflictError when `previous` is no longer what is stored
   */
  save(record: ImageRecord, previous: Pick<StoredImage, 'etag' | 'dueOn'> | undefined): Promise<string>;
  list(filter: ImageFilter, page: PageRequest): Promise<Page<ImageRecord>>;
  /** The same, what changed last first. Each page reads every record that the filter finds. */
  listLatest(filter: ImageFilter, page: PageRequest): Promise<Page<ImageRecord>>;
  /** Of every record of a registry what is counted. */
  counted(registry: string): AsyncIterable<CountedImage>;
  /**
   * Records of one repository: those with this digest, or all.
   * @param onUnreadable learns the tag of each row that cannot be read, in place of the log
   */
  ofRepository(
    registry: string,
    repository: string,
    digest?: string,
    onUnreadable?: (tag: string) => void,
  ): AsyncIterable<ImageRecord>;
  /** Every repository that has a row; yields some twice. */
  repositories(registry: string): AsyncIterable<string>;
  /** Images that are `failed` or `pending`; only those with the reason, if one is given. */
  unfinished(registry: string, reason?: ImageReason): AsyncIterable<StoredImage>;
  /** The latency of each push that arrived in Coder since then, in ms. */
  latencies(registry: string, since: Date): AsyncIterable<number>;
  /** The pending images, the earliest due time first. */
  waiting(registry: string): AsyncIterable<WaitingImage>;
  /** Whether a pending image lost its due row, so that no sweep would try it again. */
  isForgotten(record: ImageRecord): Promise<boolean>;
  /** Deletes a due row whose image is not due then, such as one that is left of a record that was damaged. */
  dropDueRow(registry: string, due: WaitingImage): Promise<void>;
  /** The rows of images that cannot be read. */
  unreadable(registry: string): AsyncIterable<UnreadableRowError>;
  /** The newest push with an event, and the newest that only a reconciliation found. */
  heard(registry: string): Promise<Heard>;
  /** Deletes everything about a registry's images. */
  deleteAll(registry: string): Promise<void>;
}

const codec = createRowCodec(ImageRecord, {
  constants: { kind: 'image', version: ROW_VERSION },
  inKey: { partitionKey: 'registry' },
});

/**
 * @param table the `images` table
 * @param onUnreadable learns of each row that is left out because it cannot be read
 */
export function createImages(table: TableClient, onUnreadable: OnUnreadable): Images {
  const readableRows = (skipped: OnUnreadable) =>
    skipUnreadable(toStored, skipped) as (row: Row<object>) => StoredImage[];
  const readable = readableRows(onUnreadable);

  async function get(registry: string, image: Reference): Promise<StoredImage | undefined> {
    const row = await readRow<object>(table, keyOf({ registry, ...image }));
    return row && toStored(row);
  }

  return {
    get,

    exists: async (registry, image) => (await readRow(table, keyOf({ registry, ...image }))) !== undefined,
    async save(record, previous) {
      const before = previous?.dueOn && dueKey(previous.dueOn, record);
      // A deletion of the registry that was cut off may have deleted the due row and left the record.
      const hasDueRow =
        before !== undefined &&
        (await readRow(table, { partitionKey: record.registry, rowKey: before })) !== undefined;
      const actions = saveActions(record, previous, hasDueRow ? before : undefined);
      const response = await change(table.submitTransaction(actions));
      return response.getResponseForEntity(imageKey(record))?.etag as string;
    },

    async list(filter, page) {
      const { items, ...rest } = await readPage(table, conditionOf(filter), page);
      return { items: items.flatMap(readable), ...rest };
    },

    async listLatest(filter, page) {
      const { items, ...rest } = await readLatest(table, conditionOf(filter), 'updatedOn', page);
      return { items: items.flatMap(readable), ...rest };
    },

    counted: registry =>
      readRows<CountedImage>(table, odata`PartitionKey eq ${registry} and kind eq 'image'`, COUNTED),

    async *ofRepository(registry, repository, digest, onTag) {
      const tagOf = ({ rowKey }: UnreadableRowError) => rowKey.slice(rowKey.indexOf(':') + 1);
      const read = onTag ? readableRows(error => onTag(tagOf(error))) : readable;
      const filter = conditionOf({ registry, repository, digest });
      for await (const row of readRows(table, filter)) yield* read(row);
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
      for await (const row of readRows(table, filter)) yield* readable(row);
    },

    async *latencies(registry, since) {
      const filter = odata`PartitionKey eq ${registry} and importedOn ge ${since} and latencyMs ge 0`;
      for await (const { latencyMs } of readRows<{ latencyMs: number }>(table, filter, ['latencyMs'])) {
        yield latencyMs;
      }
    },

    async *waiting(registry) {
      const filter = odata`PartitionKey eq ${registry} and RowKey ge '!' and RowKey lt '"'`;
      for await (const row of readRows<{ pushedOn?: Date; checkedSoon?: boolean }>(table, filter)) {
        const { rowKey, pushedOn, checkedSoon = false } = row;
        const due = parseDueKey(rowKey as string);
        if (due) yield { ...due, isCheckedSoon: checkedSoon, ...(pushedOn && { pushedOn }) };
      }
    },

    async isForgotten({ registry, dueOn, ...image }) {
      if (!dueOn) return false;
      if (await readRow(table, { partitionKey: registry, rowKey: dueKey(dueOn, image) })) return false;
      // Another worker may have given it another due time between the two reads.
      return (await get(registry, image))?.dueOn?.getTime() === dueOn.getTime();
    },

    async dropDueRow(registry, due) {
      const deletion = change(table.deleteEntity(registry, dueKey(due.dueOn, due)));
      await deletion.catch((error: unknown) => {
        // It is gone already.
        if (!(error instanceof ConflictError)) throw error;
      });
    },

    async *unreadable(registry) {
      const found: UnreadableRowError[] = [];
      const check = skipUnreadable(toRecord, error => found.push(error));
      const filter = odata`PartitionKey eq ${registry} and kind eq 'image'`;
      for await (const row of readRows<object>(table, filter)) {
        check(row);
        yield* found.splice(0);
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
        if (pushedOn instanceof Date && pushedOn > (newest[heardBy] ?? 0)) newest[heardBy] = pushedOn;
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

/** One entity group transaction: the record, its old due row and its new one. */
function saveActions(
  record: ImageRecord,
  previous: Pick<StoredImage, 'etag'> | undefined,
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
    // A push that only a reconciliation found may be older than the bridge, so its age is no waiting time.
    const pushedOn = record.heardBy !== 'reconciliation' && { pushedOn: record.pushedOn };
    const checkedSoon = isCheckedSoon(record) && { checkedSoon: true };
    if (after)
      actions.push(['create', { partitionKey, rowKey: after, kind: 'due', ...pushedOn, ...checkedSoon }]);
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
