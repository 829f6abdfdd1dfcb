import { setTimeout as delay } from 'node:timers/promises';
import { odata, type TableClient } from '@azure/data-tables';
import { ConflictError, ServiceError } from '../errors.ts';
import { createTurns } from '../lib/keyed-mutex.ts';
import { change, type Row, readRow, readRows } from './tables.ts';

/** What the target calls a registry or a repository of ours. */
export interface Link {
  /** Id in Coder; absent until Coder has it. */
  coderId?: string;
  /** Organization in which that id lives. */
  organizationId?: string;
  /** The last tag of an image, which is gone: Coder keeps it, and we deprecated the image. Only of repositories. */
  goneTag?: string;
  /** Version of the credential that Coder holds; only on the link of a registry. */
  credentialVersion?: string;
  /** When Coder's registry was changed last, as Coder says, after it was given the credential; later changes are not ours. */
  changedOn?: string;
}

/** A link in the hands of whoever holds it. */
export interface HeldLink extends Link {
  /** Work on it was cut off, so that more may have happened than the link tells. */
  readonly abandoned: boolean;
}

/** Links are kept in the `images` table; see image-keys.ts. */
export interface LinkKey {
  registry: string;
  row: string;
}

export interface Links {
  read(key: LinkKey): Promise<Link>;
  /** Whether any link of the registry is held now. */
  anyHeld(registry: string): Promise<boolean>;
  /**
   * Runs `work` while no other worker, in this instance or another, holds the same link, and keeps what `work`
   * changed in the link. After a failure that leaves open what the target did, the lease is left to run out, which
   * gives a request that is still under way time to show.
   *
   * @throws ServiceError `coder-busy` when the link stays held until `signal` aborts
   */
  hold<T>(key: LinkKey, signal: AbortSignal, work: (link: HeldLink) => Promise<T>): Promise<T>;
}

type LinkRow = Link & { leaseUntil?: Date };

const POLL_MS = 250;

/**
 * @param table the `images` table
 * @param leaseMs longer than any import may take, so that a lease ends only by release or with its holder's death
 */
export function createLinks(table: TableClient, now: () => Date, leaseMs: number): Links {
  // Of many workers in this process only the first polls the table.
  const inTurn = createTurns();

  /** Takes the lease: an insert or a guarded update that only one worker can win. */
  async function claim(
    key: LinkKey,
    signal: AbortSignal,
  ): Promise<{ link: HeldLink; leaseUntil: Date; etag: string }> {
    while (!signal.aborted) {
      const stored = await readRow<LinkRow>(table, { partitionKey: key.registry, rowKey: key.row });
      if (!stored?.leaseUntil || stored.leaseUntil <= now()) {
        const link = { ...toLink(stored), abandoned: stored?.leaseUntil !== undefined };
        const leaseUntil = new Date(now().getTime() + leaseMs);
        const etag = await write(key, { ...link, leaseUntil }, stored?.etag);
        if (etag) return { link, leaseUntil, etag };
      }
      await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
    throw busy();
  }

  /** The new ETag, or undefined when somebody else was first. */
  async function write(
    key: LinkKey,
    { abandoned: _, ...link }: LinkRow & HeldLink,
    etag: string | undefined,
  ): Promise<string | undefined> {
    const entity = { partitionKey: key.registry, rowKey: key.row, kind: 'link', ...link };
    try {
      const operation = etag ? table.updateEntity(entity, 'Replace', { etag }) : table.createEntity(entity);
      return (await change<{ etag?: string }>(operation)).etag;
    } catch (error) {
      if (error instanceof ConflictError) return undefined;
      throw error;
    }
  }

  return {
    async read({ registry, row }) {
      return toLink(await readRow<LinkRow>(table, { partitionKey: registry, rowKey: row }));
    },

    async anyHeld(registry) {
      const filter = odata`PartitionKey eq ${registry} and kind eq 'link' and leaseUntil gt ${now()}`;
      for await (const _ of readRows(table, filter)) return true;
      return false;
    },

    hold(key, signal, work) {
      return inTurn(`${key.registry} ${key.row}`, signal, async () => {
        const { link, leaseUntil, etag } = await claim(key, signal);
        let settled = true;
        try {
          return await work(link);
        } catch (error) {
          settled = !(error instanceof ServiceError && error.uncertain);
          throw error;
        } finally {
          // Whoever took the lease over after it ran out has written what is true now.
          await write(key, settled ? link : { ...link, leaseUntil }, etag);
        }
      }).catch((error: unknown) => {
        throw error === signal.reason ? busy() : error;
      });
    },
  };
}

function busy(): ServiceError {
  return new ServiceError('coder-busy', 'Other imports of the same repository took all the time there was.');
}

function toLink(row: Row<LinkRow> | undefined): Link {
  return {
    ...(row?.coderId && { coderId: row.coderId }),
    ...(row?.organizationId && { organizationId: row.organizationId }),
    ...(row?.goneTag && { goneTag: row.goneTag }),
    ...(row?.credentialVersion && { credentialVersion: row.credentialVersion }),
    ...(row?.changedOn && { changedOn: row.changedOn }),
  };
}
