import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import ky from 'ky';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { boundedFetch } from '../../../shared/lib/bounded-fetch.ts';

const MIB = 1024 * 1024;
/** Megabytes that a path with a number asks for, and whether the connection was cut before all of it was sent. */
let cut: boolean | undefined;
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '', 'http://localhost');
  if (pathname === '/nothing') return void response.writeHead(204).end();
  if (pathname === '/stalls') return void response.writeHead(200, { 'content-length': '9' }).write('some');
  response.once('close', () => {
    cut = !response.writableEnded;
  });
  response.writeHead(pathname.startsWith('/error') ? 400 : 200, { 'x-here': 'yes' });
  let left = Number(pathname.replace(/\D/g, ''));
  const send = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= 1;
      if (!response.write('x'.repeat(MIB))) return void response.once('drain', send);
    }
    response.end();
  };
  send();
});
let url: string;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close().closeAllConnections());

test('an answer is given as it came', async () => {
  const answer = await boundedFetch(`${url}/2`);

  expect([answer.status, answer.headers.get('x-here')]).toEqual([200, 'yes']);
  expect((await answer.text()).length).toBe(2 * MIB);
  expect((await boundedFetch(`${url}/nothing`)).status).toBe(204);
});

test.each(['1000', 'error1000'])('one that is too large is cut: %s', async path => {
  cut = undefined;
  await expect(ky.get(`${url}/${path}`, { fetch: boundedFetch, retry: 0 }).text()).rejects.toThrow(
    'the answer is larger than 16 MiB',
  );
  await expect.poll(() => cut).toBe(true);
});

test('the time limit of a call is one of its body too', async () => {
  await expect(ky.get(`${url}/stalls`, { fetch: boundedFetch, retry: 0, timeout: 200 })).rejects.toThrow(
    'timed out',
  );
});
