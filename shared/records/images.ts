import { odata, type TableClient, type TransactionAction } from '@azure/data-tables';
import {
  dueKey,
  imageKey,
  parseDueKey,
  parseDueOn,
  parseRepositoryKey,
  repositoryKey,
} from '../azure/keys.ts';
import {
  change,
  deleteRows,
  type Page,
  type PageRequest,
  type Row,
  readPage,
  readRow,
  readRows,
} from '../azure/tables.ts';
import type { Memo } from '../coder/target.ts';
import type { RequestWords } from '../coder/words.ts';
import type { Reference } from '../policy/reference.ts';
import type { ImageReason, State } from '../reasons.ts';
import { checkVersion, RECORD_VERSION } from './version.ts';

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
  /** The latest push that we heard of, and how: events tell of pushes; a comparison finds what no event told. */
  pushedOn: Date;
  heardBy: HeardBy;
  /** That push, while the registry may not show it yet. */
  awaited?: AwaitedPush;
  /** What an image is for, comma-separated, that is left out because of it. */
  platforms?: string;
  updatedOn: Date;
  importedOn?: Date;
  /** From that push to the moment when Coder had the image, in ms; only of pushes that an event told of. */
  latencyMs?: number;
  /** What the target remembers of it, as the target gave it; absent unless Coder may have it. */
  memo?: Memo;
  /** What a person asked for who imported it by hand; it goes before the rule and the labels. */
  requested?: RequestWords;
  /** The digest that Coder shows of it: for an image of several platforms it may be that of one of them. */
  coderDigest?: string;
}

/** A push that the registry may not show yet. */
export interface AwaitedPush {
  /** What was pushed, if the event named it. */
  digest?: string;
  /** When to stop looking for it; absent until a look found something else. */
  until?: Date;
}

export type HeardBy = 'event' | 'reconciliation' | 'request';

/** When the newest push was that was heard of in each way; absent when none was. */
export interface Heard {
  byEvent?: Date;
  byReconciliation?: Date;
}

/** A record as it was read, with the ETag that its next change must carry. */
export type StoredImage = ImageRecord & { etag: string };

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

/** A record as Table Storage keeps it. */
interface ImageRow {
  kind: 'image';
  version?: number;
  repository: string;
  tag: string;
  state: State;
  reason: ImageReason;
  message: string;
  attempts: number;
  pushedOn: Date;
  heardBy: HeardBy;
  updatedOn: Date;
  digest?: string;
  dueOn?: Date;
  importedOn?: Date;
  latencyMs?: number;
  coderDigest?: string;
  platforms?: string;
  /** JSON, as are the following */
  memo?: string;
  requested?: string;
  awaited?: string;
  /** What earlier releases kept in place of `memo`. */
  coderImageId?: string;
}

/** Beside a record that is due, under its time. */
interface DueRow {
  pushedOn?: Date;
  isAwaited?: boolean;
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

    async *repositories(registry) {
      let last: string | undefined;
      const filter = odata`PartitionKey eq ${registry} and RowKey ge '0'`;
      for await (const { rowKey } of readRows(table, filter, ['RowKey'])) {
        const repository = parseRepositoryKey(rowKey as string);
        if (repository !== undefined && repository !== last) yield repository;
        last = repository;
      }
    },

    async *unfinished(registry, reason) {
      const all = odata`PartitionKey eq ${registry} and (state eq 'failed' or state eq 'pending')`;
      const filter = reason === undefined ? all : `${all} and ${odata`reason eq ${reason}`}`;
      for await (const row of readRows<ImageRow>(table, filter)) yield { ...toRecord(row), etag: row.etag };
    },

    async *latencies(registry, since) {
      const filter = odata`PartitionKey eq ${registry} and importedOn ge ${since} and latencyMs ge 0`;
      for await (const { latencyMs } of readRows<ImageRow>(table, filter, ['latencyMs'])) {
        yield latencyMs as number;
      }
    },

    async *waiting(registry) {
      const filter = odata`PartitionKey eq ${registry} and RowKey ge '!' and RowKey lt '"'`;
      for await (const { rowKey, pushedOn, isAwaited = false } of readRows<DueRow>(table, filter)) {
        const key = rowKey as string;
        yield { ...parseDueKey(key), dueOn: parseDueOn(key), isAwaited, ...(pushedOn && { pushedOn }) };
      }
    },

    async heard(registry) {
      const newest: Partial<Record<HeardBy, Date>> = {};
      const filter = odata`PartitionKey eq ${registry} and kind eq 'image'`;
      for await (const { heardBy, pushedOn } of readRows<ImageRow>(table, filter, ['heardBy', 'pushedOn'])) {
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
  const { registry: _, requested, memo, awaited, ...fields } = record;
  const json = {
    ...(requested && { requested: JSON.stringify(requested) }),
    ...(memo && { memo: JSON.stringify(memo) }),
    ...(awaited && { awaited: JSON.stringify(awaited) }),
  };
  const entity = {
    partitionKey,
    rowKey: imageKey(record),
    kind: 'image',
    version: RECORD_VERSION,
    ...fields,
    ...json,
  };
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

function toRecord(row: Row<ImageRow>): ImageRecord {
  checkVersion(row);
  const { repository, tag, state, reason, message, attempts, pushedOn, heardBy, updatedOn } = row;
  const { digest, dueOn, importedOn, latencyMs, coderDigest, platforms } = row;
  const memo = row.memo ? JSON.parse(row.memo) : row.coderImageId && { coderImageId: row.coderImageId };
  return {
    registry: row.partitionKey as string,
    ...{ repository, tag, state, reason, message, attempts, pushedOn, heardBy, updatedOn },
    ...(digest && { digest }),
    ...(dueOn && { dueOn }),
    ...(importedOn && { importedOn }),
    ...(latencyMs !== undefined && { latencyMs }),
    ...(memo && { memo }),
    ...(coderDigest && { coderDigest }),
    ...(platforms && { platforms }),
    ...(row.awaited && { awaited: parseAwaited(row.awaited) }),
    ...(row.requested && { requested: JSON.parse(row.requested) }),
  };
}

function parseAwaited(json: string): AwaitedPush {
  const { digest, until } = JSON.parse(json);
  return { ...(digest && { digest }), ...(until && { until: new Date(until) }) };
}
