import { join, relative } from 'node:path';
import { type ClientFiles, writeClientFiles } from './client-files.ts';
import type { CloudOptions } from './cloud.ts';
import { type Environment, startEnvironment } from './environment.ts';
import { describeTaken, refuseTakenPorts } from './free-ports.ts';
import { addSampleRegistry, pushSampleImage } from './sample.ts';
import { ensureTls } from './tls.ts';
import { describeForPeople, describeForPrograms, describeOwnCoder } from './welcome.ts';

// The program behind `npm start`.

const LOCAL = join(import.meta.dirname, '..', '..', '.local');

async function start(): Promise<void> {
  const log = holdLog();
  try {
    await startWith(log.write);
  } finally {
    log.release();
  }
}

/** The log of the app waits for the welcome, or for what failed: amid it, people would read neither. */
function holdLog() {
  let held: string[] | undefined = [];
  const print = (line: string) => console.log(`  ${line}`);
  return {
    write: (line: string) => (held ? void held.push(line) : print(line)),
    release() {
      for (const line of held ?? []) print(line);
      held = undefined;
    },
  };
}

async function startWith(onLog: (line: string) => void): Promise<void> {
  const ports = {
    functions: port('FUNCTIONS_PORT', 7071),
    registry: port('REGISTRY_PORT', 5443),
    coder: port('CODER_PORT', 7080),
  };
  await refuseTakenPorts({
    FUNCTIONS_PORT: ports.functions,
    REGISTRY_PORT: ports.registry,
    CODER_PORT: ownCoder() ? 0 : ports.coder,
  });
  console.log('Starting Azure, Coder and the bridge on this machine …');
  const tls = await ensureTls(join(LOCAL, 'tls'));
  const environment = await startEnvironment({
    ...{ tls, ports, registries: otherRegistries(), ...coderOptions() },
    onLog,
  });
  const files = await writeClientFiles(environment, tls, LOCAL);
  stopInTheEnd(environment, files);
  const folder = relative(process.cwd(), files.folder);
  if (files.other)
    console.log(
      `Another npm start runs in this folder, at ${files.other}: the files of this one are in ${folder}.`,
    );

  console.log('Adding the registry contoso, and pushing a sample image to it …');
  await addSampleRegistry(environment);
  // A Coder of your own is changed only when you name a template.
  const image = ownCoder() ? undefined : await pushSampleImage(environment, tls.ca);
  console.log(
    image ? describeForPeople(environment, image, folder) : await describeOwnCoder(environment, folder),
  );
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

/** Names of registries beside contoso, which are there and not yet added to the bridge. */
function otherRegistries(): string[] {
  return (process.env.OTHER_REGISTRIES || '').split(',').filter(Boolean);
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

function stopInTheEnd(environment: Environment, files: ClientFiles): void {
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    console.log('Stopping …');
    await environment.close();
    await files.remove();
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
  return describeTaken(taken, 'FUNCTIONS_PORT, REGISTRY_PORT or CODER_PORT');
}

start().catch((error: unknown) => {
  console.error(`npm start failed: ${explain(error)}`);
  process.exit(1);
});
