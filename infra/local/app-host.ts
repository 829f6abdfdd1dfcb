import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The functions host with the app, in its own process, since Node reads the trusted CA only at the start. */
export interface AppHost {
  /** Base URL of the host; it stays the same when the host is started again. */
  url: string;
  /** Id of the present process; it changes when the host is started again. */
  pid(): number;
  /** Kills the host as a crash would, and waits until it is back. */
  crash(): Promise<void>;
  /** Moves the clock of the app on; after a crash it shows the real time again. */
  advance(ms: number): void;
  close(): Promise<void>;
}

export interface AppHostOptions {
  /** All environment variables of the process. */
  env: Record<string, string>;
  /** 0 takes any free port. */
  port: number;
  /** Called with each line that the app or its host writes. */
  onLog(line: string): void;
}

const ROOT = join(import.meta.dirname, '..', '..');
const PROGRAM = join(import.meta.dirname, 'functions-host', 'main.ts');
/** Longest wait for a busy app to end. */
const LONGEST_STOP_MS = 5_000;

/** Starts the host, and starts it again after a crash, as the platform does. */
export async function startAppHost({ env, port, onLog }: AppHostOptions): Promise<AppHost> {
  let closing = false;
  let { child, url } = await start(env, port, onLog);
  let restarted = Promise.resolve();
  watch();

  function watch(): void {
    child.once('exit', (code, signal) => {
      if (closing) return;
      onLog(`The functions host ended (${signal ?? `exit code ${code}`}). Starting it again.`);
      restarted = start(env, Number(new URL(url).port), onLog).then(started => {
        child = started.child;
        watch();
      });
      restarted.catch((error: Error) => onLog(error.message));
    });
  }

  return {
    url,
    pid: () => child.pid as number,
    async crash() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await restarted;
    },
    advance: ms => void child.send({ advanceMs: ms }),
    async close() {
      closing = true;
      await restarted.catch(() => undefined);
      await stop(child);
    },
  };
}

async function start(
  env: Record<string, string>,
  port: number,
  onLog: (line: string) => void,
): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM], {
    cwd: ROOT,
    env: { ...env, HOST_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface(stream).on('line', line => line.startsWith('HOST READY ') || onLog(line));
  }
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  const url = (message as { url?: string } | null)?.url;
  if (!url) throw new Error('The functions host ended before it was ready; the lines above say why.');
  return { child, url };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const force = setTimeout(() => child.kill('SIGKILL'), LONGEST_STOP_MS);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(force);
}
