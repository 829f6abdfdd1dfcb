import { setTimeout as delay } from 'node:timers/promises';
import { type Environment, startEnvironment } from '../../infra/local/environment.ts';
import type { Tls } from '../../infra/local/tls.ts';
import { testTls } from '../support/bridge.ts';
import { type MemoryWatch, watchMemory } from './memory.ts';

/** A record as the API shows it. */
export interface ShownRecord {
  repository: string;
  tag: string;
  state: string;
  reason: string;
  digest?: string;
  nextAttemptOn?: string;
}

/** The bundle in its host process, with real servers around it, but without events. */
export interface LiveApp {
  environment: Environment;
  tls: Tls;
  memory: MemoryWatch;
  /** Calls a function of the app as a person would. */
  api<T>(method: string, path: string, body?: object): Promise<{ status: number; body: T }>;
  /** Every record of the sample registry, or those in one state. */
  records(state?: string): Promise<ShownRecord[]>;
  /** Fires the timer, which the app's own clock does each minute as well. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

export async function startLiveApp(): Promise<LiveApp> {
  const tls = await testTls();
  // Log lines are dropped: the stand-ins share the process with the measurement.
  const settings = { EVENTS_TOPIC_ENDPOINT: '' };
  const environment = await startEnvironment({ tls, subscribed: false, settings });
  const { host, keys, cloud } = environment;
  const memory = watchMemory(host.pid);

  async function api<T>(method: string, path: string, body?: object) {
    const response = await fetch(`${host.url}/api/${path}`, {
      method,
      headers: { 'x-functions-key': keys.host, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  return {
    ...{ environment, tls, memory, api },
    async records(state) {
      const found: ShownRecord[] = [];
      const query = new URLSearchParams({
        registry: cloud.registry.name,
        limit: '1000',
        ...(state && { state }),
      });
      for (;;) {
        const page = await api<{ items: ShownRecord[]; continuationToken?: string }>(
          'GET',
          `images?${query}`,
        );
        found.push(...page.body.items);
        if (page.body.continuationToken === undefined) return found;
        query.set('continuationToken', page.body.continuationToken);
      }
    },
    async sweep() {
      const response = await fetch(`${host.url}/admin/functions/reconcile`, {
        method: 'POST',
        headers: { 'x-functions-key': keys.master, 'content-type': 'application/json' },
        body: '{}',
      });
      if (response.status !== 202) throw new Error(`The timer could not be fired: ${response.status}`);
    },
    async close() {
      memory.stop();
      await environment.close();
    },
  };
}

/** Looks again and again until it is so; the limit of the test ends it. */
export async function until(everyMs: number, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(everyMs);
}

/** @returns prints a line, with the seconds since this was called, and with `who`: the tests run side by side */
export function startReport(who: string): (line: string) => void {
  const started = performance.now();
  return line =>
    console.log(`${who}  ${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s  ${line}`);
}
