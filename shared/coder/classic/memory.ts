import * as z from 'zod';
import { repositoryKey } from '../../azure/tables/keys.ts';
import type { LeasedRows, LeasedTable } from '../../azure/tables/leased-rows.ts';
import type { RowKey } from '../../azure/tables/tables.ts';

/** What the bridge remembers of a registry in Coder. */
export const ClassicRegistryRow = z.object({
  /** Its id in Coder; absent until Coder has it. */
  coderId: z.string().exactOptional(),
  /** Organization of that id. */
  organizationId: z.string().exactOptional(),
  /** Version of the credential that Coder holds. */
  credentialVersion: z.string().exactOptional(),
  /** The registry kind with which the bridge added it to Coder; absent when a person did. */
  addedAs: z.enum(['generic', 'acr']).exactOptional(),
  /**
   * Coder's time of the last change after the bridge delivered the credential. A later time is another client's change.
   */
  changedOn: z.string().exactOptional(),
});
export type ClassicRegistryRow = z.infer<typeof ClassicRegistryRow>;

/** How Coder logs in to a registry: with a user name and a password, or with the Entra identity of its own pods. */
export type RegistryKind = NonNullable<ClassicRegistryRow['addedAs']>;

/** What the bridge remembers of a repository's image in Coder. */
export const ClassicRepositoryRow = z.object({
  /** Its id in Coder; absent until Coder has it. */
  coderId: z.string().exactOptional(),
  /** Organization of that id. */
  organizationId: z.string().exactOptional(),
  /**
   * The image's last tag, when the registry no longer has it: Coder keeps the tag, and the bridge deprecated the image.
   */
  goneTag: z.string().exactOptional(),
});
export type ClassicRepositoryRow = z.infer<typeof ClassicRepositoryRow>;

/** A repository's row, leased by this worker. */
export interface RepositoryLock {
  row: ClassicRepositoryRow;
  /** The last holder crashed, and may have changed more in Coder than the row says. */
  wasAbandoned: boolean;
}

/**
 * What the bridge remembers of Coder Classic, in the `images` table. A worker that changes Coder holds the row's lease.
 */
export interface ClassicMemory {
  registries: LeasedRows<ClassicRegistryRow>;
  repositories: LeasedRows<ClassicRepositoryRow>;
}

/** @param table the `images` table */
export function createClassicMemory(table: LeasedTable): ClassicMemory {
  return { registries: table.rows(ClassicRegistryRow), repositories: table.rows(ClassicRepositoryRow) };
}

export function registryRow({ name }: { name: string }): RowKey {
  return { partitionKey: name, rowKey: '@registry' };
}

export function repositoryRow({ name }: { name: string }, repository: string): RowKey {
  return { partitionKey: name, rowKey: repositoryKey(repository) };
}
