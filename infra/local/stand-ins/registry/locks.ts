import * as z from 'zod';
import type { Route } from '../../stand-in.ts';
import { steered } from './steering.ts';

/** A lock on a repository, or on one tag or digest in it. An absent field means as usual. */
const Lock = z.strictObject({
  repository: z.string(),
  /** Tag or digest; absent for the whole repository. */
  reference: z.string().optional(),
  readEnabled: z.boolean().default(true),
  writeEnabled: z.boolean().default(true),
  deleteEnabled: z.boolean().default(true),
  listEnabled: z.boolean().default(true),
  quarantined: z.boolean().default(false),
});
type Lock = z.infer<typeof Lock>;

export type LockedOperation = 'read' | 'write' | 'delete' | 'list';

/** https://learn.microsoft.com/azure/container-registry/container-registry-image-lock */
export interface Locks {
  /** @param references all names of the manifest: a tag and its digest, as far as they are known */
  allows(operation: LockedOperation, repository: string, ...references: string[]): boolean;
  /** Whether it is in quarantine and asked for by its tag: then ACR says that there is none. */
  hides(repository: string, reference: string, digest: string): boolean;
  /** As `/acr/v1` shows them. */
  attributes(repository: string, ...references: string[]): object;
  routes: Route[];
}

export function createLocks(): Locks {
  let locks: Lock[] = [];
  const on = (repository: string, references: readonly string[]) =>
    locks.filter(
      lock =>
        lock.repository === repository &&
        (lock.reference === undefined || references.includes(lock.reference)),
    );
  const allows: Locks['allows'] = (operation, repository, ...references) => {
    const found = on(repository, references);
    if (operation === 'read' && found.some(lock => lock.quarantined)) return false;
    return found.every(lock => lock[`${operation}Enabled`]);
  };
  return {
    allows,
    hides: (repository, reference, digest) =>
      !reference.includes(':') && on(repository, [reference, digest]).some(lock => lock.quarantined),
    attributes(repository, ...references) {
      const found = on(repository, references);
      return {
        deleteEnabled: found.every(lock => lock.deleteEnabled),
        writeEnabled: found.every(lock => lock.writeEnabled),
        readEnabled: found.every(lock => lock.readEnabled),
        listEnabled: found.every(lock => lock.listEnabled),
        ...(found.some(lock => lock.quarantined) && { quarantineState: 'Quarantined' }),
      };
    },
    routes: steered('locks', Lock, {
      set: lock => void locks.push(lock),
      clear() {
        locks = [];
      },
    }),
  };
}
