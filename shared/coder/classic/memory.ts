import * as z from 'zod';
import { repositoryKey } from '../../azure/keys.ts';
import type { LeasedRows, LeasedTable } from '../../azure/leased-rows.ts';
import type { RowKey } from '../../azure/tables.ts';

/** What we know of a registry of ours in Coder. */
export const ClassicRegistryRow = z.object({
  /** Id in Coder; absent until Coder has it. */
  coderId: z.string().exactOptional(),
  /** Organization in which that id lives. */
  organizationId: z.string().exactOptional(),
  /** Version of the credential that Coder holds. */
  credentialVersion: z.string().exactOptional(),
  /** When Coder's registry was changed last, as Coder says, after it was given the credential; later changes are not ours. */
  changedOn: z.string().exactOptional(),
});
export type ClassicRegistryRow = z.infer<typeof ClassicRegistryRow>;

/** What we know of a repository's image in Coder. */
export const ClassicRepositoryRow = z.object({
  /** Id in Coder; absent until Coder has it. */
  coderId: z.string().exactOptional(),
  /** Organization in which that id lives. */
  organizationId: z.string().exactOptional(),
  /** The last tag of the image, which is gone: Coder keeps it, and we deprecated the image. */
  goneTag: z.string().exactOptional(),
});
export type ClassicRepositoryRow = z.infer<typeof ClassicRepositoryRow>;

/** A repository's row in the hands of the worker that holds it. */
export interface RepositoryLock {
  row: ClassicRepositoryRow;
  /** Its last holder was cut off, so that more may have happened in Coder than the row says. */
  wasAbandoned: boolean;
}

/** What we know of Coder Classic, in the `images` table. Who changes something in Coder holds its row meanwhile. */
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
