import { setTimeout as delay } from 'node:timers/promises';
import { ConflictError } from '../../errors.ts';

/** Something stored with an ETag, whose lease one worker at a time holds. */
export interface Leasable<T> {
  content: T;
  /** A worker holds the lease until then. A lease that ran out was abandoned: its holder died before the release. */
  leaseUntil?: Date | undefined;
  /** undefined until the first write. */
  etag: string | undefined;
}

/** The result of `take`: this worker holds the lease. */
export interface Taken<T> extends Leasable<T> {
  /** An earlier holder died, and may have done more than the content says. */
  wasAbandoned: boolean;
}

/** Each call that writes returns what it stored. Pass that to the next call. */
export interface Lease<T> {
  /** Takes the lease now; undefined when another worker holds it, or changed the content after it was read. */
  take(found: Leasable<T>): Promise<Taken<T> | undefined>;
  /** Reads and tries until it has the lease; undefined when `signal` aborts first. */
  waitToTake(read: () => Promise<Leasable<T>>, signal: AbortSignal): Promise<Taken<T> | undefined>;
  /** Writes the content and renews the lease for its whole time. @throws ConflictError */
  save(held: Leasable<T>): Promise<Leasable<T>>;
  /** Writes the content and releases the lease. @throws ConflictError */
  release(held: Leasable<T>): Promise<Leasable<T>>;
}

const POLL_MS = 250;

export function isHeld({ leaseUntil }: Pick<Leasable<unknown>, 'leaseUntil'>, now: Date): boolean {
  return leaseUntil !== undefined && leaseUntil > now;
}

/**
 * @param write replaces what has the given ETag, and gives the new ETag. It throws ConflictError when the stored ETag is
 * another one, so that only one worker has the lease, and a worker that lost it changes nothing.
 * @param leaseMs longer than a holder works without saving, so that a lease only runs out when its holder died
 */
export function createLease<T>(
  write: (changed: Leasable<T>) => Promise<string>,
  now: () => Date,
  leaseMs: number,
): Lease<T> {
  async function put(changed: Leasable<T>): Promise<Leasable<T>> {
    return { ...changed, etag: await write(changed) };
  }

  function save(held: Leasable<T>): Promise<Leasable<T>> {
    return put({ ...held, leaseUntil: new Date(now().getTime() + leaseMs) });
  }

  async function take(found: Leasable<T>): Promise<Taken<T> | undefined> {
    if (isHeld(found, now())) return undefined;
    try {
      return { ...(await save(found)), wasAbandoned: found.leaseUntil !== undefined };
    } catch (error) {
      if (error instanceof ConflictError) return undefined;
      throw error;
    }
  }

  return {
    save,
    take,
    release: held => put({ ...held, leaseUntil: undefined }),

    async waitToTake(read, signal) {
      while (!signal.aborted) {
        const taken = await take(await read());
        if (taken) return taken;
        await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
      }
      return undefined;
    },
  };
}
