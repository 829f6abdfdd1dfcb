import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { App } from './app.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const BIN = join(ROOT, 'command', 'bin.cjs');

export interface Ended {
  code: unknown;
  stdout: string;
  stderr: string;
}

/** What the command prints, asking this app, and how it ends. */
export function runCommand(app: App, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const options = { cwd: ROOT, env: environmentFor(app, env) };
  return new Promise(resolve => {
    execFile(process.execPath, [BIN, ...args], options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

/** The same, but the reader of its output leaves at once, as `head` does. */
export async function runUnread(app: App, args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd: ROOT, env: environmentFor(app) });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', text => {
    stderr += text;
  });
  const code = await new Promise(resolve => child.on('close', resolve));
  return { code, stdout: '', stderr };
}

function environmentFor({ environment: { host, keys } }: App, more: Record<string, string> = {}) {
  // As `npm start` prints it.
  return { PATH: process.env.PATH, BRIDGE_URL: `${host.url}/api`, BRIDGE_KEY: keys.host, ...more };
}
