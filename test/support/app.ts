import { setTimeout as delay } from 'node:timers/promises';
import {
  type Environment,
  type EnvironmentOptions,
  startEnvironment,
} from '../../infra/local/environment.ts';
import type { OciManifest } from '../../infra/local/oci-image.ts';
import { pushImage } from '../../infra/local/push-image.ts';
import { addSampleRegistry, pushSampleImage } from '../../infra/local/sample.ts';
import type { Tls } from '../../infra/local/tls.ts';
import { split, testTls } from './bridge.ts';

/** Settings of an app whose timers do not run, for tests that look at everything a call could have changed. */
export const NO_TIMERS = {
  'AzureWebJobs.reconcile.Disabled': 'true',
  'AzureWebJobs.rotate-credentials.Disabled': 'true',
};

/** The bundle in its host, Event Grid delivering, and everything over the wire: what `npm start` runs. */
export interface App {
  environment: Environment;
  tls: Tls;
  /** What the app and its host wrote. */
  logs: string[];
  /** Every answer of the bridge. */
  answers: string[];
  request(path: string, init?: RequestInit): Promise<Answer>;
  /** Calls a function with a key. */
  api(method: string, path: string, body?: object): Promise<Answer>;
  /** What is known of an image of the sample registry; undefined when that is nothing. */
  record(reference: string): Promise<ShownRecord | undefined>;
  /** @param to the sample registry when absent */
  push(reference: string, manifest: OciManifest, to?: { url: string }): Promise<string>;
  /** Posts to the webhook as Event Grid does, and gives the status of the answer. */
  deliver(body: string): Promise<number>;
  clearFaults(): void;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  contentType: string | null;
  location: string | null;
  text: string;
}

/** A record as the API shows it. */
export interface ShownRecord {
  state: string;
  reason: string;
  message: string;
  meaning?: string;
  remedy?: string;
  digest?: string;
  nextAttemptOn?: string;
}

export async function startApp(options: Omit<EnvironmentOptions, 'tls'> = {}): Promise<App> {
  const tls = await testTls();
  const logs: string[] = [];
  const answers: string[] = [];
  const environment = await startEnvironment({ ...options, tls, onLog: line => logs.push(line) });
  const { cloud, host, keys } = environment;

  async function request(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${host.url}${path}`, init);
    const text = await response.text();
    answers.push(JSON.stringify([...response.headers]), text);
    const { status, headers } = response;
    return { status, contentType: headers.get('content-type'), location: headers.get('location'), text };
  }

  const api: App['api'] = (method, path, body) =>
    request(`/api/${path}`, {
      method,
      headers: { 'x-functions-key': keys.host, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });

  return {
    ...{ environment, tls, logs, answers, request, api },
    async record(reference) {
      const { status, text } = await api('GET', `images/${cloud.registry.name}/${reference}`);
      return status === 200 ? JSON.parse(text) : undefined;
    },
    push(reference, manifest, to = cloud.standIns.registry) {
      const { repository, tag } = split(reference);
      const target = { registryUrl: to.url, ...cloud.registry.pusher, ca: tls.ca };
      return pushImage(target, repository, manifest, tag);
    },
    async deliver(body) {
      const { status } = await request(environment.eventGridUrl.slice(host.url.length), {
        method: 'POST',
        headers: { 'aeg-event-type': 'Notification', 'content-type': 'application/json' },
        body,
      });
      return status;
    },
    clearFaults() {
      const others = cloud.otherRegistries.map(({ standIn }) => standIn);
      for (const standIn of [...Object.values(cloud.standIns), ...others]) standIn.faults.clear();
    },
    close: () => environment.close(),
  };
}

/** The app with its sample registry added, and the sample image in Coder. */
export async function startSampleApp(options: Omit<EnvironmentOptions, 'tls'> = {}): Promise<App> {
  const app = await startApp(options);
  await addSampleRegistry(app.environment);
  await pushSampleImage(app.environment, app.tls.ca);
  return app;
}

/** Looks again and again until it is so; the limit of the test ends it. */
export async function until<T>(
  look: () => T | false | undefined | Promise<T | false | undefined>,
): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    await delay(20);
  }
}
