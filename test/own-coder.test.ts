import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMovableClock } from '../infra/local/clock.ts';
import { setUpSampleCoder } from '../infra/local/coder-v2-sample.ts';
import { image } from '../infra/local/oci-image.ts';
import { pushImage } from '../infra/local/push-image.ts';
import { createSecrets } from '../infra/local/secrets.ts';
import { type CoderV2StandIn, startCoderV2 } from '../infra/local/stand-ins/coder-v2/coder-v2.ts';
import type { describeForPrograms } from '../infra/local/welcome.ts';
import { until } from './support/app.ts';
import { testTls } from './support/bridge.ts';

const ROOT = join(import.meta.dirname, '..');
const SHELL_FILE = join(ROOT, '.local', 'env');
const LOGIN_FILE = join(ROOT, '.local', 'docker', 'config.json');

/** Plain http, as a Coder that a person runs for development. */
let coder: CoderV2StandIn;
let start: ChildProcess;
/** What `npm start` printed. */
let lines: string[];
/** What a running `npm start` of this folder has left for its person. */
let filesBefore: (string | undefined)[];
let before: ReturnType<typeof shown>;

beforeAll(async () => {
  filesBefore = await Promise.all([SHELL_FILE, LOGIN_FILE].map(read));
  coder = await startCoderV2({ secrets: createSecrets(), clock: createMovableClock() });
  const { token } = await setUpSampleCoder(coder);
  coder.controls.pushTemplate({
    ...{
      template: 'other',
      files: { 'main.tf': 'variable "image" {\n  type    = string\n  default = "a"\n}\n' },
    },
  });
  await until(() => coder.state().templates.length === 2);
  before = shown();
  coder.requests.clear();
  const ports = { FUNCTIONS_PORT: '0', REGISTRY_PORT: '0', CODER_PORT: '0' };
  const { PATH = '' } = process.env;
  start = spawn(process.execPath, ['--import', 'tsx', 'infra/local/start.ts'], {
    cwd: ROOT,
    env: { PATH, ...ports, CODER_URL: `${coder.url}/`, CODER_SESSION_TOKEN: token },
  });
  lines = [];
  for (const output of [start.stdout, start.stderr]) {
    if (output) createInterface(output).on('line', line => lines.push(line));
  }
});
afterAll(async () => {
  start.kill('SIGKILL');
  await coder.close();
  for (const [i, file] of [SHELL_FILE, LOGIN_FILE].entries()) {
    const text = filesBefore[i];
    await (text === undefined ? rm(file, { force: true }) : writeFile(file, text, { mode: 0o600 }));
  }
});

test('npm start changes an own Coder only in the template that a person names', async () => {
  const ready = await until(() => {
    if (start.exitCode !== null) throw new Error(lines.join('\n'));
    return lines.find(line => line.startsWith('READY '));
  });
  const bridge: ReturnType<typeof describeForPrograms> = JSON.parse(ready.slice('READY '.length));
  const welcome = lines.join('\n');
  expect(welcome).toContain(`connected to ${coder.url}, and has changed nothing there`);
  for (const name of ['kubernetes', 'other']) expect(welcome).toContain(`  coder/${name}\n`);
  expect(changes()).toEqual([]);
  expect(shown()).toEqual(before);

  // The command of the welcome, which names the first template of the list.
  const [, body = ''] = /-X PUT .* -d '(.*)'/.exec(welcome) ?? [];
  const [, target] = /"template":"([^"]+)"/.exec(body) ?? [];
  const answer = await fetch(`${bridge.functions}/api/registries/${bridge.registryName}`, {
    method: 'PUT',
    headers: { 'x-functions-key': bridge.functionKey, 'content-type': 'application/json' },
    body,
  });
  expect(answer.status, await answer.text()).toBe(200);
  expect(shown()).toEqual(before);

  const { ca } = await testTls();
  const { registryUsername: username, registryPassword: password } = bridge;
  const registry = { registryUrl: bridge.registry, username, password, ca };
  const digest = await pushImage(registry, 'samples/workspace', image({ content: 'own' }), 'v1');
  await until(() => activeImage(target)?.endsWith(`/samples/workspace:v1@${digest}`));
  await until(() => lines.some(line => line.includes('template-updated')));

  start.kill('SIGTERM');
  const [code] = await once(start, 'exit');
  expect(code).toBe(0);
  expect(await Promise.all([SHELL_FILE, LOGIN_FILE].map(read))).toEqual([undefined, undefined]);
  expectOnlyChange(target);
}, 60_000);

/** One version was made of the template, with the source and the other values that it had, and promoted. */
function expectOnlyChange(target: string | undefined): void {
  const after = shown();
  const made = after.versions.filter(({ id }) => !before.versions.some(version => version.id === id));
  const template = after.templates.find(({ settings }) => settings.name === target);
  const base = before.versions.find(({ templateId }) => templateId === template?.id);
  expect(made).toMatchObject([
    { id: template?.activeVersionId, templateId: template?.id, job: { fileId: base?.job.fileId } },
  ]);
  const others = (variables: { name: string }[] = []) => variables.filter(({ name }) => name !== 'image');
  expect(others(made[0]?.variables)).toEqual(others(base?.variables));

  const rest = ({ templates, versions, ...state }: typeof after) => ({
    ...state,
    templates: templates.filter(({ id }) => id !== template?.id),
    versions: versions.filter(({ id }) => id !== made[0]?.id),
  });
  expect(rest(after)).toEqual(rest(before));
  const known = before.templates.find(({ id }) => id === template?.id);
  expect({ ...template, activeVersionId: '', updatedAt: '' }).toEqual({
    ...{ ...known, activeVersionId: '', updatedAt: '' },
  });
  expect(changes().map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/, '{id}')}`)).toEqual([
    'POST /api/v2/organizations/{id}/templateversions',
    'PATCH /api/v2/templates/{id}/versions',
  ]);
}

/** All that Coder remembers, but for when a token was used. */
function shown() {
  const { keys, users, ...state } = coder.state();
  return {
    ...state,
    keys: keys.map(({ lastUsed: _, updatedAt: _u, ...key }) => key),
    users: users.map(({ lastSeenAt: _, ...user }) => user),
  };
}

/** Calls to Coder that are no reading. */
function changes() {
  return coder.requests.all().filter(({ method }) => method !== 'GET');
}

function activeImage(name: string | undefined): string | undefined {
  const { templates, versions } = coder.state();
  const template = templates.find(({ settings }) => settings.name === name);
  const active = versions.find(({ id }) => id === template?.activeVersionId);
  return active?.variables.find(variable => variable.name === 'image')?.value;
}

function read(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
