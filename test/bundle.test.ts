import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const HOST = join(ROOT, 'infra', 'local', 'functions-host', 'main.ts');
const DEPLOYED = ['dist/index.cjs', 'host.json', 'package.json'];
const KEYS = { master: 'm', host: 'h', eventGrid: 'e' };

let folder: string;
let host: ChildProcess;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  for (const file of DEPLOYED) await cp(join(ROOT, file), join(folder, file));
  const { main } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  host = fork(HOST, {
    cwd: folder,
    execArgv: ['--import', import.meta.resolve('tsx')],
    env: { HOST_APP: join(folder, main), HOST_KEYS: JSON.stringify(KEYS) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [ready] = await Promise.race([once(host, 'message'), once(host, 'exit')]);
  ({ url } = ready as { url: string });
});
afterAll(async () => {
  host?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

test('the three files that are deployed answer on their own, without node_modules and before any setting', async () => {
  const response = await fetch(`${url}/api/health`);

  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

test('the bundle has every function that there is a file for', async () => {
  const files = (await readdir(join(ROOT, 'functions'))).map(file => parse(file).name);
  const response = await fetch(`${url}/admin/functions`, { headers: { 'x-functions-key': KEYS.master } });
  const functions = (await response.json()) as { name: string }[];

  expect(functions.map(({ name }) => name).sort()).toEqual(files.filter(name => name !== 'index').sort());
});
