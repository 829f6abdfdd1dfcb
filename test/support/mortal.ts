import { AsyncLocalStorage } from 'node:async_hooks';
import https from 'node:https';
import { Writable } from 'node:stream';

/** A life of an instance of the app: when it ends, nothing that the instance still does reaches the outside world. */
export interface Life {
  /** Calls to the outside world that it lives on for. */
  callsLeft: number;
  readonly dead: boolean;
  /** Runs work of the instance; it comes to nothing when the life ends first. */
  run<T>(work: () => Promise<T>): Promise<T | 'died'>;
}

type Mortal = Life & { spend(): void; losesNext(): boolean };

const current = new AsyncLocalStorage<Mortal>();

/**
 * An instance that dies after a given number of network calls: the last one is carried out, and its answer
 * never arrives. That is what a crash looks like from outside, at every point where it can make a difference.
 *
 * @param last `lost` when the last call is not even carried out
 */
export function newLife(callsLeft = Number.POSITIVE_INFINITY, last: 'done' | 'lost' = 'done'): Life {
  watchCalls();
  let dead = false;
  let die = () => {};
  const death = new Promise<'died'>(resolve => {
    die = () => resolve('died');
  });
  const life: Mortal = {
    callsLeft,
    get dead() {
      return dead;
    },
    losesNext: () => last === 'lost' && life.callsLeft === 1,
    spend() {
      life.callsLeft -= 1;
      if (life.callsLeft > 0) return;
      dead = true;
      die();
    },
    run(work) {
      const outcome = current.run(life, work);
      outcome.catch(() => {});
      return Promise.race([outcome, death]);
    },
  };
  return life;
}

let watching = false;

/** The two ways out of the app: the Azure SDK uses node:https, and ky uses fetch. */
function watchCalls(): void {
  if (watching) return;
  watching = true;
  const { request } = https;
  https.request = ((options: https.RequestOptions, onResponse: (response: unknown) => void) => {
    const life = current.getStore();
    if (!life) return request(options, onResponse);
    if (life.losesNext()) life.spend();
    if (life.dead) return new Writable({ write: (_chunk, _encoding, done) => done() });
    return request(options, response => {
      life.spend();
      if (!life.dead) onResponse(response);
    });
  }) as typeof https.request;

  const { fetch } = globalThis;
  globalThis.fetch = async (...call) => {
    const life = current.getStore();
    if (!life) return fetch(...call);
    if (life.losesNext()) life.spend();
    if (life.dead) return never();
    const response = await fetch(...call);
    life.spend();
    return life.dead ? never() : response;
  };
}

function never(): Promise<never> {
  return new Promise(() => {});
}
