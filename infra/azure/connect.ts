// Connects a running bridge with its registries: deploys connect.bicep, adds the registries, and prints what is left to
// do. azd runs it after each deployment. It leaves what exists unchanged.
//
//   node --import tsx infra/azure/connect.ts                     with the outputs of main.bicep in the environment
//   node --import tsx infra/azure/connect.ts --deployment NAME   with those of a deployment in Azure

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AzError, az } from './az.ts';
import { NO_OUTPUTS, type Outputs, placeOf, type Registry, readOutputs } from './connection.ts';

/** New roles and functions take some minutes to work on Azure. */
const ATTEMPTS = 10;
const WAIT_MS = 60_000;
const TEMPLATE = join(import.meta.dirname, 'connect.bicep');
const SECRET = 'coder-session-token';

/** Effects that tests replace. */
export interface Surroundings {
  log(line: string): void;
  wait(ms: number): Promise<unknown>;
}

/** @returns whether all registries are connected; the log has the reasons for the others */
export async function connect(outputs: Outputs, surroundings: Surroundings): Promise<boolean> {
  const { log } = surroundings;
  log(`Connecting the registries with ${outputs.BRIDGE_URL} …`);
  await patiently(surroundings, () => deploy(outputs));
  const key = await patiently(surroundings, () => functionKey(outputs));
  const unconnected: string[] = [];
  for (const registry of outputs.BRIDGE_CONNECTION.registries) {
    const trouble = await addRegistry(outputs.BRIDGE_URL, key, registry, surroundings);
    if (trouble) unconnected.push(`${registry.name}: ${trouble}`);
  }
  for (const line of unconnected) log(`Not added: ${line}`);
  for (const line of await nextSteps(outputs)) log(line);
  return unconnected.length === 0;
}

/** Tries again for up to ten minutes, unless the error is final. */
async function patiently<T>({ log, wait }: Surroundings, attempt: () => Promise<T>): Promise<T> {
  for (let left = ATTEMPTS - 1; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || (error as { isFinal?: boolean }).isFinal) throw error;
      log(
        `${(error as Error).message}\nTrying again in a minute, because new roles take some minutes to work on Azure …`,
      );
      await wait(WAIT_MS);
    }
  }
}

async function deploy({ BRIDGE_APP_NAME, BRIDGE_CONNECTION }: Outputs): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'connect-'));
  const file = join(folder, 'parameters.json');
  try {
    const parameters = Object.entries(BRIDGE_CONNECTION).map(([name, value]) => [name, { value }]);
    await writeFile(file, JSON.stringify({ parameters: Object.fromEntries(parameters) }));
    await az(
      ...['deployment', 'sub', 'create', '--name', `${BRIDGE_APP_NAME}-connect`],
      ...['--subscription', placeOf(BRIDGE_CONNECTION.functionAppId).subscription],
      ...['--location', BRIDGE_CONNECTION.location, '--template-file', TEMPLATE],
      ...['--parameters', `@${file}`, '--output', 'none'],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function functionKey({ BRIDGE_CONNECTION }: Outputs): Promise<string> {
  const { subscription, group, name } = placeOf(BRIDGE_CONNECTION.functionAppId);
  const key = await az(
    ...['functionapp', 'keys', 'list', '--subscription', subscription],
    ...['--resource-group', group, '--name', name],
    ...['--query', 'functionKeys.default', '--output', 'tsv'],
  );
  if (!key) throw new AzError('The function app has no key yet.');
  return key;
}

/** Adds a registry. Leaves one that exists, because people may have changed it. @returns why it was not added */
async function addRegistry(
  url: string,
  key: string,
  { name, resourceId, credentialKind, appId, organizationId }: Registry,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const { log } = surroundings;
  if (credentialKind === 'static') {
    // Only a person knows its password.
    return void log(
      `If ${name} is not added yet, add it with its password: PUT ${url}/api/registries/${name}`,
    );
  }
  const credential = { kind: credentialKind, ...(appId && { appId }) };
  const body = { resourceId, credential, ...(organizationId && { organizationId }) };
  try {
    await patiently(surroundings, async () => {
      const answer = await put(`${url}/api/registries/${name}`, key, body);
      if (answer.status === 201) return log(`Added the registry ${name}.`);
      if (answer.status === 412) return log(`The registry ${name} was added before; it is unchanged.`);
      throw new Refusal(answer);
    });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The bridge did not add a registry. */
class Refusal extends Error {
  readonly isFinal: boolean;

  constructor(answer: Answer) {
    super(answer.detail);
    this.isFinal = !isTransient(answer);
  }
}

interface Answer {
  status: number;
  reason: string;
  detail: string;
}

async function put(url: string, key: string, body: object): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'PUT',
      headers: { 'x-functions-key': key, 'content-type': 'application/json', 'if-none-match': '*' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    const { reason = '', detail, errors = [] } = parse(text);
    const faults = errors.map(({ path, message }) => `\n  ${path}: ${message}`).join('');
    const said = detail ?? (text || `${response.status} ${response.statusText}`);
    return { status: response.status, reason, detail: said + faults };
  } catch (error) {
    return { status: 503, reason: '', detail: `${url}: ${(error as Error).message}` };
  }
}

interface Problem {
  reason?: string;
  detail?: string;
  errors?: { path: string; message: string }[];
}

function parse(text: string): Problem {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const UNTIL_ROLES_WORK = ['registry-not-readable', 'registry-not-reachable', 'azure-refused'];

/** A new app first answers 401 (no keys yet) or 404 (no functions yet). */
function isTransient({ status, reason }: Answer): boolean {
  return [401, 404].includes(status) || status >= 500 || UNTIL_ROLES_WORK.includes(reason);
}

async function nextSteps(outputs: Outputs): Promise<string[]> {
  const { AZURE_RESOURCE_GROUP: group, BRIDGE_APP_NAME: app, BRIDGE_VAULT_NAME: vault } = outputs;
  const secret = ['--vault-name', vault, '--name', SECRET];
  const isStored = await az('keyvault', 'secret', 'show', ...secret, '--query', 'id').then(
    Boolean,
    () => false,
  );
  return [
    `The bridge is at ${outputs.BRIDGE_URL}/api`,
    ...(isStored
      ? []
      : [
          'Store the session token of the bridge in Coder. Without it no image reaches Coder:',
          `  az keyvault secret set --vault-name ${vault} --name ${SECRET} --value "$CODER_TOKEN" --output none`,
        ]),
    'This prints a key for its HTTP functions:',
    `  az functionapp keys list --resource-group ${group} --name ${app} --query functionKeys.default --output tsv`,
  ];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { deployment: { type: 'string' } } });
  const outputs = await readOutputs(process.env, values.deployment);
  if (!outputs) throw new Error(NO_OUTPUTS);
  if (!(await connect(outputs, { log: console.log, wait: delay }))) process.exitCode = 1;
}

if (process.argv[1] === import.meta.filename) {
  main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
