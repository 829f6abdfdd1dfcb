import { odata, type TableClient } from '@azure/data-tables';
import { normalizeRegistryId } from '../azure/arm/resource-id.ts';
import { type Page, type PageRequest, readPage } from '../azure/tables/pages.ts';
import { createRowCodec } from '../azure/tables/row-codec.ts';
import { ROW_VERSION } from '../azure/tables/row-version.ts';
import { change, type Row, type RowKey, readRow, readRows, writeRow } from '../azure/tables/tables.ts';
import { Registry, type StoredRegistry } from './registry.ts';

/** The registries that the bridge watches. */
export interface Registries {
  get(name: string): Promise<StoredRegistry | undefined>;
  /** By ARM resource id in its normalized form, through a cache of a few seconds that a miss bypasses. */
  findByResourceId(normalizedId: string): Promise<StoredRegistry | undefined>;
  list(page: PageRequest): Promise<Page<StoredRegistry>>;
  /** Every one of them. */
  each(): AsyncIterable<StoredRegistry>;
  /** Writes `registry` over `previous`, and gives the new ETag. @throws ConflictError when it changed in between */
  save(registry: Registry, previous: StoredRegistry | undefined): Promise<string>;
  /** @throws ConflictError when it changed in between */
  remove(registry: StoredRegistry): Promise<void>;
}

const PARTITION = 'registry';
const ALL = odata`PartitionKey eq ${PARTITION}`;
const codec = createRowCodec(Registry, { constants: { version: ROW_VERSION }, inKey: { rowKey: 'name' } });
/** How long another instance may still see an old version of a registry. */
const CACHE_MS = 10_000;

/** @param table the `registries` table */
export function createRegistries(table: TableClient, now: () => Date): Registries {
  let cache: { byId: Map<string, StoredRegistry>; until: number } | undefined;

  async function* each(): AsyncIterable<StoredRegistry> {
    for await (const row of readRows(table, ALL)) yield fromRow(row);
  }

  /** Fills the cache; callers that come while that is under way wait for the same read. */
  let reading: Promise<Map<string, StoredRegistry>> | undefined;
  function refill(): Promise<Map<string, StoredRegistry>> {
    reading ??= readAll().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function readAll(): Promise<Map<string, StoredRegistry>> {
    const byId = new Map<string, StoredRegistry>();
    for await (const registry of each()) byId.set(normalizeRegistryId(registry.resourceId), registry);
    cache = { byId, until: now().getTime() + CACHE_MS };
    return byId;
  }

  return {
    async get(name) {
      const row = await readRow(table, keyOf(name));
      return row && fromRow(row);
    },

    async findByResourceId(normalizedId) {
      const cached = cache && cache.until > now().getTime() ? cache.byId.get(normalizedId) : undefined;
      if (cached) return cached;
      const begunBefore = reading !== undefined;
      const found = (await refill()).get(normalizedId);
      // A read that started before this call may have missed a later change.
      return found ?? (begunBefore ? (await refill()).get(normalizedId) : undefined);
    },

    async list(page) {
      const { items, ...rest } = await readPage(table, ALL, page);
      return { items: items.map(fromRow), ...rest };
    },

    each,

    async save(registry, previous) {
      const etag = await writeRow(table, codec.toRow(registry, keyOf(registry.name)), previous?.etag);
      cache = undefined;
      return etag;
    },

    async remove({ name, etag }) {
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
