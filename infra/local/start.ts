import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloudOptions } from './cloud.ts';
import { type Environment, startEnvironment } from './environment.ts';
import { addSampleRegistry, pushSampleImage } from './sample.ts';
import { ensureTls, type Tls } from './tls.ts';
import { describeForPeople, describeForPrograms, describeForShells, describeOwnCoder } from './welcome.ts';

// The program behind `npm start`.

const LOCAL = join(import.meta.dirname, '..', '..', '.local');
const SHELL_FILE = join(LOCAL, 'env');
const LOGIN_FILE = join(LOCAL, 'docker', 'config.json');

async function start(): Promise<void> {
  const ports = {
    functions: port('FUNCTIONS_PORT', 7071),
    registry: port('REGISTRY_PORT', 5443),
    coder: port('CODER_PORT', 7080),
  };
  console.log('Starting Azure, Coder and the bridge on this machine …');
  const tls = await ensureTls(join(LOCAL, 'tls'));
  const environment = await startEnvironment({
    ...{ tls, ports, ...coderOptions() },
    onLog: line => console.log(`  ${line}`),
  });
  const files = clientFiles(environment, tls);
  stopInTheEnd(environment, files);
  await mkdir(join(LOCAL, 'docker'), { recursive: true });
  for (const [file, text] of files) await writeFile(file, text, { mode: 0o600 });

  console.log('Adding the registry contoso, and pushing a sample image to it …');
  await addSampleRegistry(environment);
  // A Coder of your own is changed only when you name a template.
  const image = ownCoder() ? undefined : await pushSampleImage(environment, tls.ca);
  console.log(image ? describeForPeople(environment, image) : await describeOwnCoder(environment));
  console.log(`READY ${JSON.stringify(describeForPrograms(environment, tls.caFile))}`);
}

/** Which Coder is used: a stand-in of the generation that CODER_GENERATION names, or the one at CODER_URL. */
function coderOptions(): Pick<CloudOptions, 'coderGeneration' | 'ownCoder'> {
  const generation = process.env.CODER_GENERATION || 'v2';
  if (generation !== 'v2' && generation !== 'classic') {
    throw new Error(`CODER_GENERATION must be v2 or classic; it is "${generation}".`);
  }
  return { coderGeneration: generation, ownCoder: ownCoder() };
}

function ownCoder(): CloudOptions['ownCoder'] {
  const { CODER_URL: url, CODER_SESSION_TOKEN: token } = process.env;
  if (!url) return undefined;
  if (!token)
    throw new Error('CODER_URL names a Coder of your own: set CODER_SESSION_TOKEN to a token of it too.');
  return { url: url.replace(/\/+$/, ''), token };
}

function port(name: string, standard: number): number {
  const value = Number(process.env[name] || standard);
  if (Number.isInteger(value) && value >= 0 && value < 65_536) return value;
  throw new Error(`${name} must be a port number, or 0 for any free one; it is "${process.env[name]}".`);
}

/** Files so that people need not type secrets: one to source in a shell, and the logins of docker and skopeo. */
function clientFiles(environment: Environment, tls: Tls): [file: string, text: string][] {
  const { standIns, registry } = environment.cloud;
  const auth = Buffer.from(`${registry.pusher.username}:${registry.pusher.password}`).toString('base64');
  const logins = { auths: { [standIns.registry.loginServer]: { auth } } };
  return [
    [LOGIN_FILE, JSON.stringify(logins)],
    [SHELL_FILE, describeForShells(environment, tls.caFile)],
  ];
}

/** Unless another `npm start` has written its own over them. */
async function removeFiles(files: [file: string, text: string][]): Promise<void> {
  for (const [file, text] of files) {
    if ((await readFile(file, 'utf8').catch(() => '')) === text) await rm(file, { force: true });
  }
}

function stopInTheEnd(environment: Environment, files: [file: string, text: string][]): void {
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    console.log('Stopping …');
    await environment.close();
    await removeFiles(files);
    process.exit();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // npm does not pass a SIGTERM on, and ends: so end with it.
  const npm = process.env.npm_lifecycle_event === 'start' ? process.ppid : undefined;
  if (npm !== undefined) setInterval(() => process.ppid !== npm && stop(), 500).unref();
}

function explain(error: unknown): string {
  const { code, port: taken, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code !== 'EADDRINUSE') return message;
  return `Port ${taken} is in use, perhaps by another npm start. Set FUNCTIONS_PORT, REGISTRY_PORT or CODER_PORT to another one; 0 takes any free one.`;
}

start().catch((error: unknown) => {
  console.error(`npm start failed: ${explain(error)}`);
  process.exit(1);
});
