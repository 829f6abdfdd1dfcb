import { join } from 'node:path';
import { type AppHost, startAppHost } from './app-host.ts';
import { type Cloud, type CloudOptions, startCloud } from './cloud.ts';

/** The app in its functions host and the cloud on loopback: everything that `npm start` starts. */
export interface Environment {
  cloud: Cloud;
  host: AppHost;
  keys: { master: string; host: string; eventGrid: string };
  /** The key of this function only. */
  functionKey(name: string): Promise<string>;
  /** The URL that Event Grid delivers to, with its key. */
  eventGridUrl: string;
  close(): Promise<void>;
}

export interface EnvironmentOptions extends CloudOptions {
  ports?: { functions?: number; registry?: number; coder?: number };
  /** Called with each line of the app's log. */
  onLog?(line: string): void;
  /** Settings of the app in addition to those of its cloud. */
  settings?: Record<string, string>;
  /** False when Event Grid must not deliver events to the app. */
  subscribed?: boolean;
}

/** Destination of the event subscriptions; on this machine nothing resolves it. */
const FUNCTION_ID =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/coder/providers/Microsoft.Web/sites/coder-acr-bridge/functions/registry-event';

/** The file that is deployed; `npm run build` creates it. */
const BUNDLE = join(import.meta.dirname, '..', '..', 'dist', 'index.cjs');

export async function startEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const cloud = await startCloud(options);
  const keys = {
    master: cloud.secrets.random(),
    host: cloud.secrets.random(),
    eventGrid: cloud.secrets.random(),
  };
  const host = await startAppHost({
    port: options.ports?.functions ?? 0,
    onLog: options.onLog ?? (() => {}),
    env: {
      PATH: process.env.PATH ?? '',
      HOST_APP: BUNDLE,
      HOST_KEYS: JSON.stringify(keys),
      ...cloud.appSettings,
      ...options.settings,
    },
  });
  const eventGridUrl = `${host.url}/runtime/webhooks/EventGrid?functionName=registry-event&code=${keys.eventGrid}`;
  if (options.subscribed ?? true) {
    await cloud.standIns.eventGrid.subscribe({ endpoint: eventGridUrl, deadLetter: true });
    for (const { resourceId } of [cloud.registry, ...cloud.otherRegistries]) {
      cloud.standIns.arm.eventSubscriptions.push({
        name: 'coder-acr-bridge',
        source: resourceId,
        destination: FUNCTION_ID,
      });
    }
  }
  return {
    cloud,
    host,
    keys,
    async functionKey(name) {
      const headers = { 'x-functions-key': keys.master };
      const answer = await fetch(`${host.url}/admin/functions/${name}/keys`, { headers });
      const [key] = ((await answer.json()) as { keys: { value: string }[] }).keys;
      if (!key) throw new Error(`There is no function ${name} with a key of its own.`);
      return cloud.secrets.issue(key.value);
    },
    eventGridUrl,
    async close() {
      await host.close();
      await cloud.close();
    },
  };
}
