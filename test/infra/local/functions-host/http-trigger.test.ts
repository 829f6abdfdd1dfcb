import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type FixtureHost, startFixtureHost } from './fixture-host.ts';

let host: FixtureHost;
beforeAll(async () => {
  host = await startFixtureHost();
});
beforeEach(() => {
  host.lines.length = 0;
});
afterAll(() => host.close());

test('get parameters, joined query values, headers and body as the library makes them', async () => {
  const response = await host.call('/API/Echo/7/?q=1&q=2', {
    method: 'POST',
    body: 'hello',
    headers: { 'x-ms-client-principal-id': 'principal-1' },
  });

  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual({
    params: { id: '7' },
    q: ['1,2'],
    principal: 'principal-1',
    body: 'hello',
  });
});

test('a chunked body is lost, as on the platform', async () => {
  const body = await new Promise<string>((resolve, reject) => {
    const request = httpRequest(`${host.url}/api/echo`, { method: 'POST' }, response =>
      resolve(text(response)),
    );
    request.on('error', reject);
    request.flushHeaders();
    request.end('hello');
  });

  expect(JSON.parse(body)).toMatchObject({ body: '' });
});

test('route values are decoded once, and an encoded slash stays encoded', async () => {
  expect(await (await host.call('/api/files/a%20b/c%2Fd/')).json()).toEqual({ rest: 'a b/c%2Fd/' });
});

test.each<[what: string, path: string, init: RequestInit, status: number, body: string]>([
  ['no such route', '/api/none', {}, 404, ''],
  ['a wrong method', '/api/echo', { method: 'PUT' }, 404, ''],
  ['a constraint that does not fit', '/api/echo/x', {}, 404, ''],
  ['no key', '/api/guarded', {}, 401, ''],
  ['a wrong key', '/api/guarded?code=wrong', {}, 401, ''],
  ['the function key in the query', '/api/guarded?code=g', {}, 200, 'in'],
  ['the host key in the header', '/api/guarded', { headers: { 'x-functions-key': 'h' } }, 200, 'in'],
  [
    'a wrong header over a right query',
    '/api/guarded?code=g',
    { headers: { 'x-functions-key': '' } },
    401,
    '',
  ],
  ['the host key at level admin', '/api/private?code=h', {}, 401, ''],
  ['the master key at level admin', '/api/private?code=m', {}, 200, 'in'],
  ['a disabled function', '/api/off?code=h', {}, 404, ''],
  ['a disabled function with the master key', '/api/off?code=m', {}, 200, 'in'],
  ['a function that throws', '/api/broken', {}, 500, ''],
  ['a function that returns nothing', '/api/silent', {}, 204, ''],
  [
    'a pre-invocation hook that replaces the handler',
    '/api/silent',
    { headers: { 'x-replace': '1' } },
    200,
    'replaced',
  ],
  [
    'a post-invocation hook that takes the error away',
    '/api/broken',
    { headers: { 'x-forgive': '1' } },
    200,
    'forgiven',
  ],
  ['a query that is too long', `/api/echo?q=${'x'.repeat(4_096)}`, {}, 414, ''],
  ['a URL that is too long', `/api/files/${'x'.repeat(8_192)}`, {}, 414, ''],
])('%s', async (_, path, init, status, body) => {
  const response = await host.call(path, init);

  expect([response.status, await response.text()]).toEqual([status, body]);
});

test('cookies are written as ASP.NET does', async () => {
  const response = await host.call('/api/cookies');

  expect(response.status).toBe(201);
  expect(response.headers.get('x-kept')).toBe('yes');
  expect(response.headers.getSetCookie()).toEqual([
    'a=1%202; path=/',
    'b=3; max-age=60; path=/x; secure; samesite=lax; httponly',
  ]);
});

test('a failure is logged in one line, with its error', async () => {
  await host.call('/api/broken');

  expect(host.lines).toHaveLength(1);
  expect(host.lines[0]).toMatch(
    /^2024-01-01T00:00:00\.000Z error \[broken\] failed: Error: boom \| at .*index\.cjs/,
  );
  expect(host.lines[0]).not.toContain('\n');
});
