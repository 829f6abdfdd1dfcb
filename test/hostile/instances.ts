import type { Services } from '../../shared/services.ts';
import type { Life } from '../support/mortal.ts';

/** One of two instances of the bridge at work on the same tables. */
export interface Instance {
  life: Life;
  services: Services;
}

/** What became of an act: the instance died, or the act failed. undefined: it succeeded. */
export type Fate = 'died' | { error: unknown } | undefined;

/** Two instances; one that dies is replaced by a new one. */
export function createInstances(create: (isPatient?: boolean) => Instance, onCrash: () => void) {
  const instances: Instance[] = [create(), create()];
  return {
    /** The instance ends after this many more calls. */
    doom(number: number, calls: number): void {
      (instances[number % 2] as Instance).life.callsLeft = calls;
    },

    /** Both instances die, and new ones take their places, which have as much time as they need. */
    replaceAll(): void {
      for (const { life } of instances) life.callsLeft = 0;
      instances.splice(0, 2, create(true), create(true));
    },

    async on(number: number, act: (services: Services) => Promise<void>): Promise<Fate> {
      const slot = number % 2;
      const instance = instances[slot] as Instance;
      const outcome = await instance.life.run(() =>
        act(instance.services).then(
          () => undefined,
          (error: unknown) => ({ error }),
        ),
      );
      if (instance.life.dead && instances[slot] === instance) {
        onCrash();
        instances[slot] = create();
      }
      return instance.life.dead ? 'died' : outcome;
    },
  };
}

const MOST_ATTEMPTS = 20;

/** Does it again until it succeeds, as faults of the stand-ins end. */
export async function untilDone<T>(act: () => Promise<T>, wait = async () => {}): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await act();
    } catch (error) {
      if (attempts === MOST_ATTEMPTS) throw error;
      await wait();
    }
  }
}
