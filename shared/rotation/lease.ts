import { isDeepStrictEqual } from 'node:util';
import { createLease, type Leasable } from '../azure/tables/lease.ts';
import type { CredentialState } from '../credentials/state.ts';
import { ConflictError } from '../errors.ts';
import { withoutUndefined } from '../lib/without-undefined.ts';
import type { Registry, StoredRegistry } from '../records/registry.ts';
import type { Registries } from '../records/registry-table.ts';

/**
 * A run renews its lease as it goes, so that another one goes on within a minute when it dies. A single call that takes
 * longer loses the lease, which is harmless: another run starts from the record, and this one cannot write any more.
 */
export const LEASE_MS = 45_000;
/** What is left of the lease when it is renewed. */
const RENEW_MS = 30_000;

/** The lease of a run, stored in the registry's record with the state of the rotation. */
export interface RotationLease {
  /** The record as it was last read or written. */
  registry(): StoredRegistry;
  /** Whether this run took the lease and has not released it. */
  isHeld(): boolean;
  /** Takes the lease, or renews it when it ends soon. @throws ConflictError when another run was faster */
  take(): Promise<void>;
  /**
   * Writes the state of the rotation, and keeps or takes the lease. Keeps a request that a person made in between.
   * @throws ConflictError when anything else in the record changed
   */
  save(changes: RotationChanges): Promise<void>;
  /** Releases the lease. @throws ConflictError when another run has taken it over */
  release(): Promise<void>;
}

/** A field that is undefined here is removed from the state. */
export type RotationChanges = {
  [K in keyof Omit<CredentialState, 'leaseUntil'>]?: CredentialState[K] | undefined;
};

export function createRotationLease(
  registries: Registries,
  found: StoredRegistry,
  now: () => Date,
): RotationLease {
  const lease = createLease(save, now, LEASE_MS);
  let registry = found;
  let isHeld = false;

  function save(leasable: Leasable<Registry>): Promise<string> {
    const changed = toRegistry(leasable);
    return registries.save(changed, changed);
  }

  async function write(how: 'save' | 'release', changes: RotationChanges): Promise<void> {
    const rotation = withoutUndefined<CredentialState>({ ...registry.rotation, ...changes });
    try {
      registry = toRegistry(await lease[how]({ content: { ...registry, rotation }, etag: registry.etag }));
      isHeld = how === 'save';
    } catch (error) {
      registry = await latestAfter(error, isSameButRequest);
      await write(how, changes);
    }
  }

  /** The record with the changes of others, when this run may go on from there. @throws error when not */
  async function latestAfter(
    error: unknown,
    mayGoOn: (latest: StoredRegistry, known: StoredRegistry) => boolean,
  ): Promise<StoredRegistry> {
    const latest = error instanceof ConflictError ? await registries.get(registry.name) : undefined;
    if (!latest || !mayGoOn(latest, registry)) throw error;
    return latest;
  }

  return {
    registry: () => registry,
    isHeld: () => isHeld,
    save: changes => write('save', changes),

    async take() {
      const leftMs = (registry.rotation.leaseUntil?.getTime() ?? 0) - now().getTime();
      if (!isHeld || leftMs < RENEW_MS) await write('save', {});
    },

    async release() {
      while (isHeld) {
        try {
          await write('release', {});
        } catch (error) {
          // A run that took over has its own lease. A change of the declaration left this run's lease as it was.
          registry = await latestAfter(error, isSameLease);
        }
      }
    },
  };
}

/** The registry's record has the lease in its rotation. */
function toRegistry({ content, leaseUntil, etag }: Leasable<Registry>): StoredRegistry {
  const rotation = withoutUndefined<CredentialState>({ ...content.rotation, leaseUntil });
  return { ...content, rotation, etag: etag as string };
}

/** Whether the only change is a request for a rotation. */
function isSameButRequest(latest: StoredRegistry, known: StoredRegistry): boolean {
  const { requestedOn, compromisedOn } = latest.rotation;
  const rotation = { ...known.rotation, requestedOn, compromisedOn };
  // As JSON, since a property that is undefined is not stored.
  const [found, expected] = [latest, { ...known, etag: latest.etag, rotation }].map(registry =>
    JSON.parse(JSON.stringify(registry)),
  );
  return isDeepStrictEqual(found, expected);
}

function isSameLease({ rotation: latest }: StoredRegistry, { rotation: known }: StoredRegistry): boolean {
  return latest.leaseUntil !== undefined && latest.leaseUntil.getTime() === known.leaseUntil?.getTime();
}
