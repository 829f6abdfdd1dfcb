import { odata, type TableClient, type TransactionAction } from '@azure/data-tables';
import {
  change,
  deleteRows,
  type Page,
  type PageRequest,
  type Row,
  readPage,
  readRow,
  readRows,
} from './azure/tables.ts';
import { dueKey, imageKey, parseDueKey, repositoryKey } from './image-keys.ts';
import type { ImageReason, State } from './reasons.ts';
import type { Reference } from './reference.ts';

/** What we know of one `registry / repository:tag`. Times are UTC. */
export interface ImageRecord extends Reference {
  /** Name of the registry, ours. */
  registry: string;
  state: State;
  reason: ImageReason;
  /** What happened this time, in one sentence. */
  message: string;
  /** Digest that the registry had when the outcome was decided; with `imported`, the one that Coder has. */
  digest?: string;
  /** Failed attempts so far; 0 unless `pending` or `failed`. */
  attempts: number;
  /** When a `pending` import is tried again. */
  dueOn?: Date;
  /** The latest push that we heard of. */
  pushedOn: Date;
  updatedOn: Date;
  importedOn?: Date;
  coderImageId?: string;
}

/** A record as it was read, with the ETag that its next change must carry. */
export type StoredImage = ImageRecord & { etag: string };

export interface ImageFilter {
  registry?: string | undefined;
  state?: State | undefined;
}

/** The image records, and beside each pending one its due row, which always change together. */
export interface Images {
  get(registry: string, image: Reference): Promise<StoredImage | undefined>;
  /** Writes `record` over `previous`. @throws ConflictError when `previous` is no longer what is stored */
  save(record: ImageRecord, previous: StoredImage | undefined): Promise<void>;
  list(filter: ImageFilter, page: PageRequest): Promise<Page<ImageRecord>>;
  /** Records of one repository that hold this digest, or all of them. */
  ofRepository(registry: string, repository: string, digest?: string): AsyncIterable<ImageRecord>;
  /** Images whose time has come, the longest waiting first. */
  due(registry: string, now: Date): AsyncIterable<Reference>;
  /** Removes everything about a registry's images. */
  deleteAll(registry: string): Promise<void>;
}

/** A record as Table Storage keeps it. */
interface ImageRow {
  kind: 'image';
  repository: string;
  tag: string;
  state: State;
  reason: ImageReason;
  message: string;
  attempts: number;
  pushedOn: Date;
  updatedOn: Date;
  digest?: string;
  dueOn?: Date;
  importedOn?: Date;
  coderImageId?: string;
}

/** @param table the `images` table */
export function createImages(table: TableClient): Images {
  return {
    async get(registry, image) {
      const row = await readRow<ImageRow>(table, registry, imageKey(image));
      return row && { ...toRecord(row), etag: row.etag };
    },

    async save(record, previous) {
      const before = previous?.dueOn && dueKey(previous.dueOn, record);
      // A removal of the registry that was cut off may have left the record and taken its due row.
      const hasDueRow = before !== undefined && (await readRow(table, record.registry, before)) !== undefined;
      await change(table.submitTransaction(saveActions(record, previous, hasDueRow ? before : undefined)));
    },

    async list({ registry, state }, page) {
      const conditions = [
        odata`kind eq 'image'`,
        ...(registry === undefined ? [] : [odata`PartitionKey eq ${registry}`]),
        ...(state === undefined ? [] : [odata`state eq ${state}`]),
      ];
      const { items, ...rest } = await readPage<ImageRow>(table, conditions.join(' and '), page);
      return { items: items.map(toRecord), ...rest };
    },

    async *ofRepository(registry, repository, digest) {
      const key = repositoryKey(repository);
      // ';' follows ':' in ASCII, so this range is exactly the rows of this repository's tags.
      const range = odata`PartitionKey eq ${registry} and RowKey ge ${`${key}:`} and RowKey lt ${`${key};`}`;
      const filter = digest === undefined ? range : `${range} and ${odata`digest eq ${digest}`}`;
      for await (const row of readRows<ImageRow>(table, filter)) yield toRecord(row);
    },

    async *due(registry, now) {
      const filter = odata`PartitionKey eq ${registry} and RowKey ge '!' and RowKey lt ${`!${now.toISOString()}~`}`;
      for await (const { rowKey } of readRows(table, filter)) yield parseDueKey(rowKey as string);
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
  const { registry: _, ...fields } = record;
  const entity = { partitionKey, rowKey: imageKey(record), kind: 'image', ...fields };
  const actions: TransactionAction[] = previous
    ? [['update', entity, 'Replace', { etag: previous.etag }]]
    : [['create', entity]];
  const after = record.dueOn && dueKey(record.dueOn, record);
  if (before !== after) {
    if (before) actions.push(['delete', { partitionKey, rowKey: before }]);
    if (after) actions.push(['create', { partitionKey, rowKey: after, kind: 'due' }]);
  }
  return actions;
}

function toRecord(row: Row<ImageRow>): ImageRecord {
  const { repository, tag, state, reason, message, attempts, pushedOn, updatedOn } = row;
  const { digest, dueOn, importedOn, coderImageId } = row;
  return {
    registry: row.partitionKey as string,
    ...{ repository, tag, state, reason, message, attempts, pushedOn, updatedOn },
    ...(digest && { digest }),
    ...(dueOn && { dueOn }),
    ...(importedOn && { importedOn }),
    ...(coderImageId && { coderImageId }),
  };
}
