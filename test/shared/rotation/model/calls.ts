/** Every call that a bridge makes to the outside goes through here. */
export interface Calls {
  /** Makes the call unless the service is away or the life of the caller is over, and then looks at the world. */
  make<T>(where: Service, what: string, work: () => T | Promise<T>): Promise<T>;
}

export const SERVICES = ['arm', 'graph', 'vault', 'tables', 'registry', 'coder'] as const;
export type Service = (typeof SERVICES)[number];

/** How a service is. What it does when it is not well is up to the one who plays it. */
export type Health = 'well' | 'away';

/** The life of an instance: it ends after a number of calls, the last of which is carried out or not. */
export interface Life {
  callsLeft: number;
  last: 'done' | 'lost';
  over: boolean;
  end: () => void;
}

export function newLife(callsLeft = Number.POSITIVE_INFINITY, last: Life['last'] = 'done'): Life {
  return { callsLeft, last, over: false, end: () => {} };
}

/** Runs work of an instance; it comes to nothing when its life ends first. */
export function live(life: Life, work: () => Promise<void>): Promise<void> {
  const death = new Promise<void>(resolve => {
    life.end = resolve;
  });
  return Promise.race([work(), death]);
}

export interface Counts {
  histories: number;
  calls: number;
  refusals: number;
  crashes: number;
}

/** @param after looks at the world after each call that was carried out */
export function createCalls(
  life: Life,
  health: (service: Service) => Health,
  away: (service: Service) => Error,
  counts: Counts,
  around: (what: string, work: () => Promise<unknown>) => Promise<unknown>,
): Calls {
  function spend(): void {
    life.callsLeft -= 1;
    if (life.callsLeft > 0 || life.over) return;
    life.over = true;
    counts.crashes += 1;
    life.end();
  }
  return {
    async make<T>(where: Service, what: string, work: () => T | Promise<T>): Promise<T> {
      if (life.callsLeft === 1 && life.last === 'lost') spend();
      if (life.over) return new Promise<T>(() => {});
      counts.calls += 1;
      let result: T | undefined;
      let failure: unknown;
      try {
        if (health(where) === 'away') {
          counts.refusals += 1;
          throw away(where);
        }
        result = (await around(`${where}: ${what}`, async () => work())) as T;
      } catch (error) {
        failure = error;
      }
      spend();
      if (life.over) return new Promise<T>(() => {});
      if (failure !== undefined) throw failure;
      return result as T;
    },
  };
}
