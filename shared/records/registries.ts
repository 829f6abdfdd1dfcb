import { odata, type TableClient } from '@azure/data-tables';
import { normalizeRegistryId } from '../azure/arm-id.ts';
import {
  change,
  type Page,
  type PageRequest,
  type Row,
  readPage,
  readRow,
  readRows,
} from '../azure/tables.ts';
import { parseCredentialState } from '../credentials/state.ts';
import type { Registry, StoredRegistry } from './registry.ts';
import { checkVersion, RECORD_VERSION } from './version.ts';

/** The registries that we watch. */
export interface Registries {
  get(name: string): Promise<StoredRegistry | undefined>;
  /** By ARM resource id in its normalized form, through a cache of a few seconds that a miss bypasses. */
  findByResourceId(normalizedId: string): Promise<StoredRegistry | undefined>;
  list(page: PageRequest): Promise<Page<StoredRegistry>>;
  /** Every one of them. */
  each(): AsyncIterable<StoredRegistry>;
  /** Writes `registry` over `previous`, and gives the new ETag. @throws ConflictError when it changed meanwhile */
  save(registry: Registry, previous: StoredRegistry | undefined): Promise<string>;
  /** @throws ConflictError when it changed meanwhile */
  remove(registry: StoredRegistry): Promise<void>;
}

interface RegistryRow {
  version?: number;
  resourceId: string;
  loginServer: string;
  sku: string;
  organizationId?: string;
  /** JSON */
  credential: string;
  /** JSON; absent when nothing was ever issued */
  rotation?: string;
  /** JSON */
  policy: string;
  suspended?: boolean;
  pinned?: boolean;
  reconcileEveryMinutes?: number;
  createdOn: Date;
  updatedOn: Date;
}

const PARTITION = 'registry';
/** How long another instance may still see a registry as it was. */
const CACHE_MS = 10_000;

/** @param table the `registries` table */
export function createRegistries(table: TableClient, now: () => Date): Registries {
  let cache: { byId: Map<string, StoredRegistry>; until: number } | undefined;

  async function* each(): AsyncIterable<StoredRegistry> {
    const rows = readRows<RegistryRow>(table, odata`PartitionKey eq ${PARTITION}`);
    for await (const row of rows) yield fromRow(row);
  }

  /** Fills the cache; whoever comes while that is under way waits for the same read. */
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
      const row = await readRow<RegistryRow>(table, PARTITION, name);
      return row && fromRow(row);
    },

    async findByResourceId(normalizedId) {
      const cached = cache && cache.until > now().getTime() ? cache.byId.get(normalizedId) : undefined;
      if (cached) return cached;
      const begunBefore = reading !== undefined;
      const found = (await refill()).get(normalizedId);
      // A read that had begun before us may have missed what was there when we asked.
      return found ?? (begunBefore ? (await refill()).get(normalizedId) : undefined);
    },

    async list(page) {
      const { items, ...rest } = await readPage<RegistryRow>(
        table,
        odata`PartitionKey eq ${PARTITION}`,
        page,
      );
      return { items: items.map(fromRow), ...rest };
    },

    each,

    async save(registry, previous) {
      const row = toRow(registry);
      const operation = previous
        ? table.updateEntity(row, 'Replace', { etag: previous.etag })
        : table.createEntity(row);
      const { etag } = await change<{ etag?: string }>(operation);
      cache = undefined;
      return etag as string;
    },

    async remove({ name, etag }) {
      await change(table.deleteEntity(PARTITION, name, { etag }));
      cache = undefined;
    },
  };
}

function toRow({ name, credential, rotation, policy, ...fields }: Registry) {
  return {
    partitionKey: PARTITION,
    rowKey: name,
    version: RECORD_VERSION,
    ...fields,
    credential: JSON.stringify(credential),
    rotation: JSON.stringify(rotation),
    policy: JSON.stringify(policy),
  };
}

function fromRow(row: Row<RegistryRow>): StoredRegistry {
  checkVersion(row);
  const { resourceId, loginServer, sku, organizationId, createdOn, updatedOn, etag } = row;
  const { suspended, pinned, reconcileEveryMinutes } = row;
  return {
    name: row.rowKey as string,
    ...{ resourceId, loginServer, sku, createdOn, updatedOn, etag },
    ...(organizationId && { organizationId }),
    credential: JSON.parse(row.credential),
    rotation: parseCredentialState(row.rotation),
    policy: JSON.parse(row.policy),
    ...(suspended && { suspended }),
    ...(pinned && { pinned }),
    ...(reconcileEveryMinutes && { reconcileEveryMinutes }),
  };
}
