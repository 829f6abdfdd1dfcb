import { setTimeout as delay } from 'node:timers/promises';
import { ConflictError } from '../errors.ts';

/** Something that is stored with an ETag, and that one worker at a time may hold. */
export interface Leasable<T> {
  content: T;
  /** A worker holds it until then. When that is past, it was abandoned: its holder died before it released it. */
  leaseUntil?: Date | undefined;
  /** undefined until it is stored for the first time. */
  etag: string | undefined;
}

/** What `take` made of it: the lease is ours. */
export interface Taken<T> extends Leasable<T> {
  /** A holder before us died, so that it may have done more than the content says. */
  wasAbandoned: boolean;
}

/** Each call that writes gives what is stored then, which is what the next call is to be given. */
export interface Lease<T> {
  /** Takes the lease now; undefined when somebody else holds it, or changed the content after it was read. */
  take(found: Leasable<T>): Promise<Taken<T> | undefined>;
  /** Reads and takes as often as it needs; undefined when `signal` aborts before that. */
  waitToTake(read: () => Promise<Leasable<T>>, signal: AbortSignal): Promise<Taken<T> | undefined>;
  /** Writes the content, and holds the lease from now on for its whole time. @throws ConflictError */
  save(held: Leasable<T>): Promise<Leasable<T>>;
  /** Writes the content, and gives the lease back. @throws ConflictError */
  release(held: Leasable<T>): Promise<Leasable<T>>;
}

const POLL_MS = 250;

export function isHeld({ leaseUntil }: Pick<Leasable<unknown>, 'leaseUntil'>, now: Date): boolean {
  return leaseUntil !== undefined && leaseUntil > now;
}

/**
 * @param write over what has the given ETag, and gives the new one. It throws ConflictError when that is no longer
 * stored, so that of several workers one has the lease, and who lost it changes nothing.
 * @param leaseMs longer than a holder works without saving, so that a lease ends by release or its holder's death
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
