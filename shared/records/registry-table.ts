import { odata, type TableClient } from '@azure/data-tables';
import { normalizeRegistryId } from '../azure/arm/resource-id.ts';
import { type Page, type PageRequest, readPage } from '../azure/tables/pages.ts';
import { createRowCodec, type OnUnreadable, skipUnreadable } from '../azure/tables/row-codec.ts';
import { ROW_VERSION } from '../azure/tables/row-version.ts';
import { change, type Row, type RowKey, readRow, readRows, writeRow } from '../azure/tables/tables.ts';
import { UnreadableRowError } from '../errors.ts';
import { Registry, type StoredRegistry } from './registry.ts';

/** The registries that the bridge watches. */
export interface Registries {
  /** @throws UnreadableRowError */
  get(name: string): Promise<StoredRegistry | undefined>;
  /** Whether there is one of that name, even if its row cannot be read. */
  exists(name: string): Promise<boolean>;
  /**
   * By ARM resource id in its normalized form, through a cache of a few seconds that a miss bypasses.
   * @throws UnreadableRowError when the only row with that id cannot be read
   */
  findByResourceId(normalizedId: string): Promise<StoredRegistry | undefined>;
  /** A page of those whose rows can be read. */
  list(page: PageRequest): Promise<Page<StoredRegistry>>;
  /** Every one whose row can be read. */
  each(): AsyncIterable<StoredRegistry>;
  /** Writes `registry` over `previous`, and gives the new ETag. @throws ConflictError when it changed in between */
  save(registry: Registry, previous: Stored | undefined): Promise<string>;
  /** @throws ConflictError when it changed in between */
  remove(name: string, stored: Stored): Promise<void>;
}

/** What is stored, be it readable or not. */
type Stored = Pick<StoredRegistry, 'etag'>;
/** By resource id. */
type Found = Map<string, StoredRegistry | UnreadableRowError>;

const PARTITION = 'registry';
const ALL = odata`PartitionKey eq ${PARTITION}`;
const codec = createRowCodec(Registry, { constants: { version: ROW_VERSION }, inKey: { rowKey: 'name' } });
/** How long another instance may still see an old version of a registry. */
const CACHE_MS = 10_000;

/**
 * @param table the `registries` table
 * @param onUnreadable learns of each row that is left out because it cannot be read
 */
export function createRegistries(
  table: TableClient,
  now: () => Date,
  onUnreadable: OnUnreadable,
): Registries {
  let cache: { byId: Found; until: number } | undefined;
  const readable = skipUnreadable(fromRow, onUnreadable);

  async function* each(): AsyncIterable<StoredRegistry> {
    for await (const row of readRows(table, ALL)) yield* readable(row) as StoredRegistry[];
  }

  /** Fills the cache; callers that come while that is under way wait for the same read. */
  let reading: Promise<Found> | undefined;
  function refill(): Promise<Found> {
    reading ??= readAll().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function readAll(): Promise<Found> {
    const byId: Found = new Map();
    for await (const row of readRows<{ resourceId?: unknown }>(table, ALL)) {
      const id = normalizeRegistryId(String(row.resourceId));
      const keep = (error: UnreadableRowError) => void (byId.has(id) || byId.set(id, error));
      for (const registry of skipUnreadable(fromRow, keep)(row)) byId.set(id, registry as StoredRegistry);
    }
    cache = { byId, until: now().getTime() + CACHE_MS };
    return byId;
  }

  return {
    async get(name) {
      const row = await readRow(table, keyOf(name));
      return row && fromRow(row);
    },

    exists: async name => (await readRow(table, keyOf(name))) !== undefined,

    async findByResourceId(normalizedId) {
      const cached = cache && cache.until > now().getTime() ? cache.byId.get(normalizedId) : undefined;
      if (cached && !(cached instanceof UnreadableRowError)) return cached;
      const begunBefore = reading !== undefined;
      let found = (await refill()).get(normalizedId);
      // A read that started before this call may have missed a later change.
      if (!found && begunBefore) found = (await refill()).get(normalizedId);
      if (found instanceof UnreadableRowError) throw found;
      return found;
    },

    async list(page) {
      const { items, ...rest } = await readPage(table, ALL, page);
      return { items: items.flatMap(readable) as StoredRegistry[], ...rest };
    },

    each,

    async save(registry, previous) {
      const etag = await writeRow(table, codec.toRow(registry, keyOf(registry.name)), previous?.etag);
      cache = undefined;
      return etag;
    },

    async remove(name, { etag }) {
      await change(table.deleteEntity(PARTITION, name, { etag }));
      cache = undefined;
    },
  };
}

function keyOf(name: string): RowKey {
  return { partitionKey: PARTITION, rowKey: name };
}

function fromRow(row: Row<object>): StoredRegistry {
  return { ...codec.fromRow(row), etag: row.etag };
}
