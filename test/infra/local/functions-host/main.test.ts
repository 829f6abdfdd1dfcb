import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { type BundledApp, bundleApp } from './bundle-app.ts';

const MAIN = fileURLToPath(new URL('../../../../infra/local/functions-host/main.ts', import.meta.url));
const KEYS = JSON.stringify({ master: 'm', host: 'h', eventGrid: 'e' });

let app: BundledApp | undefined;
let child: ChildProcess | undefined;
afterEach(async () => {
  child?.kill('SIGKILL');
  await app?.remove();
});

async function start(source: string, hostJson?: object) {
  app = await bundleApp(source, hostJson);
  const host = fork(MAIN, {
    cwd: app.directory,
    execArgv: ['--import', import.meta.resolve('tsx')],
    env: { ...process.env, HOST_APP: 'index.cjs', HOST_KEYS: KEYS, OWN_SETTING: 'mine', TICK: '0 0 0 1 1 *' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  child = host;
  const output = text(host.stdout as Readable);
  const errors = text(host.stderr as Readable);
  return { host, output, errors };
}

test.each<[end: string, stop: (host: ChildProcess) => void]>([
  ['SIGTERM', host => host.kill('SIGTERM')],
  ['SIGINT', host => host.kill('SIGINT')],
  ['the end of its parent', host => host.disconnect()],
])('a host process says when it is ready, serves the app and ends cleanly at %s', async (_, stop) => {
  const { host, output } = await start(`import './fixture-app.ts';`, {
    version: '2.0',
    extensions: { http: { routePrefix: 'v1' } },
  });
  const [{ url }] = (await once(host, 'message')) as [{ url: string }];
  const settings = await (await fetch(`${url}/v1/settings`)).json();
  stop(host);
  const [code] = await once(host, 'exit');

  expect(settings).toEqual({ own: 'mine', host: [] });
  expect(code).toBe(0);
  expect((await output).trim().split('\n')).toEqual([
    'app start hook ran',
    `HOST READY {"url":"${url}"}`,
    'app terminate hook ran',
  ]);
});

test('a host process whose app does not start says why and fails', async () => {
  const { host, errors } = await start(`throw new Error('no such setting');`);
  const [code] = await once(host, 'exit');

  expect(code).not.toBe(0);
  expect(await errors).toContain('no such setting');
});
