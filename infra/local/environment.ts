import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Cloud, type CloudOptions, startCloud } from './cloud.ts';

/** The app in its functions host, in the cloud on loopback: all that `npm start` brings up. */
export interface Environment {
  cloud: Cloud;
  /** Base URL of the functions host. */
  functionsUrl: string;
  keys: { master: string; host: string; eventGrid: string };
  /** Where Event Grid delivers, key included. */
  eventGridUrl: string;
  /** What the app and its host wrote, line by line. */
  logs: string[];
  /** Kills the host as a crash would, and starts it anew on the same port. */
  crashAndRestart(): Promise<void>;
  close(): Promise<void>;
}

export interface EnvironmentOptions extends CloudOptions {
  ports?: { functions?: number; registry?: number; coder?: number };
  /** Told each line of the app's log. */
  onLog?(line: string): void;
}

const ROOT = join(import.meta.dirname, '..', '..');

/** Starts everything. The app is the bundle in `dist`, the very file that is deployed. */
export async function startEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const cloud = await startCloud(options);
  const keys = {
    master: cloud.secrets.random(),
    host: cloud.secrets.random(),
    eventGrid: cloud.secrets.random(),
  };
  const logs: string[] = [];
  const onLine = (line: string) => {
    logs.push(line);
    options.onLog?.(line);
  };
  const startHost = (port: number) =>
    spawnHost({ ...cloud.appSettings, ...hostSettings(port, keys) }, onLine);

  let host = await startHost(options.ports?.functions ?? 0);
  const { url, port } = host;
  const eventGridUrl = `${url}/runtime/webhooks/EventGrid?functionName=registry-event&code=${keys.eventGrid}`;
  await cloud.standIns.eventGrid.subscribe({ endpoint: eventGridUrl, deadLetter: true });
  return {
    cloud,
    functionsUrl: url,
    keys,
    eventGridUrl,
    logs,
    async crashAndRestart() {
      await stop(host.process, 'SIGKILL');
      host = await startHost(port);
    },
    async close() {
      await stop(host.process, 'SIGTERM');
      await cloud.close();
    },
  };
}

function hostSettings(port: number, keys: Environment['keys']): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOST_APP: join(ROOT, 'dist', 'index.cjs'),
    HOST_PORT: String(port),
    HOST_KEYS: JSON.stringify(keys),
  };
}

interface Host {
  process: ChildProcess;
  url: string;
  port: number;
}

/** The host is a process of its own, since Node reads the CA to trust when a process starts. */
async function spawnHost(env: Record<string, string>, onLine: (line: string) => void): Promise<Host> {
  const program = join(import.meta.dirname, 'functions-host', 'main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface(stream).on('line', onLine);
  }
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  const url = (message as { url?: string } | null)?.url;
  if (!url) throw new Error('The functions host ended before it was ready; its log says why.');
  return { process: child, url, port: Number(new URL(url).port) };
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
