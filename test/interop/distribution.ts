import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The registry that most others are made from. */
export interface Distribution {
  url: string;
  close(): Promise<void>;
}

/** Starts Debian's docker-registry, empty, on a free port, without credentials. */
export async function startDistribution(): Promise<Distribution> {
  const folder = await mkdtemp(join(tmpdir(), 'distribution-'));
  const configFile = join(folder, 'config.json');
  const config = {
    version: 0.1,
    log: { level: 'info' },
    storage: { filesystem: { rootdirectory: join(folder, 'storage') }, delete: { enabled: true } },
    http: { addr: '127.0.0.1:0' },
  };
  await writeFile(configFile, JSON.stringify(config));
  const server = spawn('docker-registry', ['serve', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(server, 'exit');
  for await (const line of createInterface(server.stderr)) {
    const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (!address) continue;
    server.stderr.resume();
    return {
      url: `http://${address}`,
      async close() {
        server.kill('SIGKILL');
        await exited;
        await rm(folder, { recursive: true, force: true });
      },
    };
  }
  throw new Error('docker-registry ended before it listened');
}
