import { isDeepStrictEqual } from 'node:util';
import type { CredentialState } from '../credentials/state.ts';
import { ConflictError } from '../errors.ts';
import type { Registries } from '../records/registries.ts';
import type { StoredRegistry } from '../records/registry.ts';

/** Longer than any run may take, so that it ends only by release or with its holder's death. */
const LEASE_MS = 300_000;

/** A registry's record in the hands of a run, which writes there how far the rotation is. */
export interface Lease {
  /** The record as it was last read or written. */
  registry(): StoredRegistry;
  /** Whether it was taken, and not yet given back. */
  isHeld(): boolean;
  /** Takes it unless that was done. @throws ConflictError when somebody else was faster */
  take(): Promise<void>;
  /**
   * Writes how far the rotation is, and keeps or takes the lease. What somebody asked for meanwhile is heeded next.
   * @throws ConflictError when somebody else changed more than that
   */
  save(changes: RotationChanges): Promise<void>;
  /** Gives it back. @throws ConflictError when somebody else has taken over */
  release(): Promise<void>;
}

/** What is undefined is removed. */
export type RotationChanges = Partial<{ [K in keyof CredentialState]: CredentialState[K] | undefined }>;

export function createLease(registries: Registries, found: StoredRegistry, now: () => Date): Lease {
  let registry = found;
  let isHeld = false;

  async function save(changes: RotationChanges): Promise<void> {
    const leaseUntil = new Date(now().getTime() + LEASE_MS);
    const rotation = withoutAbsent({ ...registry.rotation, leaseUntil, ...changes });
    try {
      const etag = await registries.save({ ...registry, rotation }, registry);
      registry = { ...registry, rotation, etag };
      isHeld = rotation.leaseUntil !== undefined;
    } catch (error) {
      const latest = await latestAfter(error);
      if (!latest || !isSameButRequest(latest, registry)) throw error;
      registry = latest;
      await save(changes);
    }
  }

  /** The record as somebody else has changed it; undefined when that is not what went wrong. */
  async function latestAfter(error: unknown): Promise<StoredRegistry | undefined> {
    return error instanceof ConflictError ? registries.get(registry.name) : undefined;
  }

  return {
    save,
    registry: () => registry,
    isHeld: () => isHeld,

    async take() {
      if (!isHeld) await save({});
    },

    async release() {
      while (isHeld) {
        try {
          await save({ leaseUntil: undefined });
        } catch (error) {
          const latest = await latestAfter(error);
          // Whoever took over has a lease of its own; whoever changed what is declared left us ours.
          if (!latest || !isSameLease(latest, registry)) throw error;
          registry = latest;
        }
      }
    },
  };
}

/** Whether all that is new is that somebody asked for a rotation. */
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

function withoutAbsent(
  rotation: { [K in keyof CredentialState]: CredentialState[K] | undefined },
): CredentialState {
  return Object.fromEntries(Object.entries(rotation).filter(([, value]) => value !== undefined));
}
