import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from './environment.ts';
import type { Tls } from './tls.ts';
import { describeForShells } from './welcome.ts';

/** Files so that people need not type secrets: one to source in a shell, and the logins of docker and skopeo. */
export interface ClientFiles {
  folder: string;
  /** Address of the bridge of another `npm start` that runs, whose files are in `local`. */
  other?: string;
  remove(): Promise<void>;
}

/** A bridge on this machine answers at once. */
const TIMEOUT_MS = 2_000;

/**
 * Writes them to `local`; or, when those of another `npm start` that still runs are there, to a folder in it that is named
 * after the port of this bridge.
 */
export async function writeClientFiles(
  environment: Environment,
  tls: Tls,
  local: string,
): Promise<ClientFiles> {
  const variables = describeForShells(environment, tls.caFile);
  const { standIns, registry, otherRegistries } = environment.cloud;
  const auth = Buffer.from(`${registry.pusher.username}:${registry.pusher.password}`).toString('base64');
  const servers = [standIns.registry, ...otherRegistries.map(({ standIn }) => standIn)];
  const auths = Object.fromEntries(servers.map(({ loginServer }) => [loginServer, { auth }]));
  const logins = JSON.stringify({ auths });

  await mkdir(local, { recursive: true });
  const other = await claim(join(local, 'env'), variables);
  const folder = other ? join(local, new URL(environment.host.url).port) : local;
  const files = { env: join(folder, 'env'), docker: join(folder, 'docker') };
  await mkdir(files.docker, { recursive: true });
  // Nothing else has this port now, so what is in its folder is left of a start that ended in a crash.
  if (other) await writeFile(files.env, variables, { mode: 0o600 });
  await writeFile(join(files.docker, 'config.json'), logins, { mode: 0o600 });
  return {
    folder,
    ...(other && { other }),
    async remove() {
      // Another start may have taken the place since the bridge of this one stopped.
      if ((await readFile(files.env, 'utf8').catch(() => '')) !== variables) return;
      await rm(join(files.docker, 'config.json'), { force: true });
      await rm(files.env, { force: true });
      if (other) await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Writes the file unless that of another bridge is there which answers.
 * @returns the address of that bridge
 */
async function claim(file: string, text: string): Promise<string | undefined> {
  for (;;) {
    try {
      await writeFile(file, text, { mode: 0o600, flag: 'wx' });
      return undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const { FUNCTIONS } = parseEnv(await readFile(file, 'utf8').catch(() => ''));
    if (FUNCTIONS && (await answers(FUNCTIONS))) return FUNCTIONS;
    await rm(file, { force: true });
  }
}

async function answers(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return fetch(`${url}/api/health`, { signal }).then(
    ({ ok }) => ok,
    () => false,
  );
}
