import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeClientFiles } from '../../../infra/local/client-files.ts';
import type { Environment } from '../../../infra/local/environment.ts';
import type { Tls } from '../../../infra/local/tls.ts';

let local: string;
const running: http.Server[] = [];

beforeEach(async () => {
  local = await mkdtemp(join(tmpdir(), 'start-'));
});
afterEach(async () => {
  for (const server of running.splice(0)) server.close();
  await rm(local, { recursive: true });
});

/** What `npm start` has started, as far as the files say it. */
async function start() {
  const server = http.createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
  running.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const standIn = { url: `https://localhost:${port}`, loginServer: `localhost:${port}` };
  const standIns = Object.fromEntries(
    ['entra', 'arm', 'graph', 'keyVault', 'tables', 'eventGrid', 'registry'].map(name => [name, standIn]),
  );
  const environment = {
    cloud: {
      standIns,
      coder: { generation: 'v2', url: 'https://127.0.0.1:1', token: 't', organizationId: 'o' },
      registry: { name: 'contoso', resourceId: '/r', pusher: { username: 'u', password: 'p' } },
      otherRegistries: [],
    },
    host: { url: `http://127.0.0.1:${port}` },
    keys: { host: 'h', master: 'm', eventGrid: 'e' },
    eventGridUrl: 'http://127.0.0.1',
  } as unknown as Environment;
  const files = await writeClientFiles(environment, { caFile: 'ca.crt' } as Tls, local);
  return { port: String(port), url: environment.host.url, server, files };
}

const written = async (folder: string) => readFile(join(folder, 'env'), 'utf8');
const below = async () => (await readdir(local, { recursive: true })).sort();

test('one start writes its files, and removes them in the end', async () => {
  const { files, url } = await start();

  expect(await written(local)).toContain(`FUNCTIONS='${url}'`);
  expect(await below()).toEqual(['docker', 'docker/config.json', 'env']);
  await files.remove();
  expect(await below()).toEqual(['docker']);
});

test('a second one leaves the files of the first alone, and has a folder of its own', async () => {
  const first = await start();
  const before = await written(local);
  const second = await start();

  expect(second.files).toMatchObject({ folder: join(local, second.port), other: first.url });
  expect(await written(second.files.folder)).toContain(`FUNCTIONS='${second.url}'`);
  await second.files.remove();
  expect(await written(local)).toBe(before);
  expect(await below()).toEqual(['docker', 'docker/config.json', 'env']);
});

test('of two at once, one takes the folder', async () => {
  const both = await Promise.all([start(), start()]);

  expect(both.filter(({ files }) => files.folder === local)).toHaveLength(1);
});

test('what a start left that ended in a crash is replaced', async () => {
  const crashed = await start();
  crashed.server.close();
  await once(crashed.server, 'close');

  const { files, url } = await start();

  expect(files).toMatchObject({ folder: local });
  expect(await written(local)).toContain(`FUNCTIONS='${url}'`);
  // It was only slow to stop.
  await crashed.files.remove();
  expect(await written(local)).toContain(`FUNCTIONS='${url}'`);
});
