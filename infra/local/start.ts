import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEnvironment } from './environment.ts';
import { addSampleRegistry, pushSampleImage } from './sample.ts';
import { ensureTls } from './tls.ts';
import { describeForPeople, describeForPrograms, describeForShells } from './welcome.ts';

// The program behind `npm start`.

const LOCAL = join(import.meta.dirname, '..', '..', '.local');

function port(name: string, standard: number): number {
  const value = Number(process.env[name] ?? standard);
  if (Number.isInteger(value) && value >= 0 && value < 65_536) return value;
  throw new Error(`${name} must be a port number, or 0 for any free one; it is ${process.env[name]}.`);
}

console.log('Starting Azure, Coder and the bridge on this machine …');
const tls = await ensureTls(join(LOCAL, 'tls'));
const environment = await startEnvironment({
  tls,
  ports: {
    functions: port('FUNCTIONS_PORT', 7071),
    registry: port('REGISTRY_PORT', 5443),
    coder: port('CODER_PORT', 7080),
  },
  onLog: line => console.log(`  ${line}`),
});

await writeFile(join(LOCAL, 'env'), describeForShells(environment, tls.caFile), { mode: 0o600 });
const { cloud } = environment;
const { loginServer } = cloud.standIns.registry;
const { username, password } = cloud.registry.pusher;
const clientConfig = join(LOCAL, 'docker');
await mkdir(clientConfig, { recursive: true });
await writeFile(
  join(clientConfig, 'config.json'),
  JSON.stringify({
    auths: { [loginServer]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } },
  }),
  { mode: 0o600 },
);

console.log('Adding the registry contoso, and pushing a sample image to it …');
await addSampleRegistry(environment);
const image = await pushSampleImage(environment, tls.ca);

console.log(describeForPeople(environment, image));
console.log(`READY ${JSON.stringify(describeForPrograms(environment, tls.caFile))}`);

let closing = false;
async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  console.log('Stopping …');
  await environment.close();
  process.exit();
}
process.on('SIGINT', close);
process.on('SIGTERM', close);
