import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TimeoutError } from 'ky';
import { expect, onTestFinished, test } from 'vitest';
import { createLimitedFetch, type LimitedFetchOptions } from '../../../shared/lib/limited-fetch.ts';

// A server that is at a call from when it came until it is answered, even if the caller has left by then.

async function startServer(options: Omit<LimitedFetchOptions, 'most'>) {
  const atWork = new Map<string, ServerResponse>();
  /** What happened to the calls, in order. */
  const seen: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    if (url === '/quick') return void response.end();
    seen.push(`${url} came`);
    atWork.set(url, response);
    response.once('close', () => seen.push(`${url} ended`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());

  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const limited = createLimitedFetch({ most: 1, ...options });
  const call = (path: string, signal?: AbortSignal) => limited(url + path, { ...(signal && { signal }) });
  /** What there is time to do meanwhile; it leaves two connections open over which a call can start at once. */
  const meanwhile = () => Promise.all([1, 2].map(async () => (await fetch(`${url}/quick`)).text()));
  const came = (path: string) => expect.poll(() => seen, { interval: 2 }).toContain(`${path} came`);
  return { call, meanwhile, came, seen, answer: (path: string) => atWork.get(path) as ServerResponse };
}

test('a call that its caller left keeps its place until the server has answered it', async () => {
  const { call, meanwhile, came, seen, answer } = await startServer({ answerWithinMs: 10_000 });
  await meanwhile();
  const leaving = new AbortController();
  const left = call('/left', leaving.signal);
  const next = call('/next');
  await came('/left');
  leaving.abort();
  await expect(left).rejects.toBe(leaving.signal.reason);
  for (let i = 0; i < 20; i += 1) await meanwhile();
  expect(seen).toEqual(['/left came']);

  answer('/left').end();
  await came('/next');
  answer('/next').end('done');
  expect(await (await next).text()).toBe('done');
});

test('a call that is left while it waits for a place is never made', async () => {
  const { call, came, seen, answer } = await startServer({ answerWithinMs: 10_000 });
  const first = call('/first');
  const leaving = new AbortController();
  const left = call('/left', leaving.signal);
  const last = call('/last');
  await came('/first');
  leaving.abort();
  await expect(left).rejects.toBe(leaving.signal.reason);

  answer('/first').end();
  await first;
  await came('/last');
  answer('/last').end();
  await last;
  expect(seen.filter(line => line.includes('left'))).toEqual([]);
});

test('a call whose caller has left before it began is refused, and takes no place', async () => {
  const { call, came, seen, answer } = await startServer({ answerWithinMs: 10_000 });
  const gone = AbortSignal.abort();
  await expect(call('/gone', gone)).rejects.toBe(gone.reason);

  const next = call('/next');
  await came('/next');
  answer('/next').end();
  await next;
  expect(seen).not.toContain('/gone came');
});

test('a call keeps its place until the last of its answer has come', async () => {
  const { call, meanwhile, came, seen, answer } = await startServer({ answerWithinMs: 10_000 });
  const first = call('/first');
  const next = call('/next');
  await came('/first');
  answer('/first').writeHead(200).write('one, ');
  for (let i = 0; i < 20; i += 1) await meanwhile();
  expect(seen).toEqual(['/first came']);

  answer('/first').end('two');
  expect(await (await first).text()).toBe('one, two');
  await came('/next');
  answer('/next').writeHead(204).end();
  expect((await next).status).toBe(204);
});

test('a call that the server does not answer is cut, and the server sees that before the next one comes', async () => {
  const { call, meanwhile, came, seen } = await startServer({ answerWithinMs: 200, cutUnseenMs: 200 });
  await meanwhile();
  const cut = call('/cut');
  const next = call('/next');
  await expect(cut).rejects.toThrow(TimeoutError);
  await came('/next');
  expect(seen).toEqual(['/cut came', '/cut ended', '/next came']);

  await expect(next).rejects.toThrow(TimeoutError);
});
