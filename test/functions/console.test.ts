import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AppHost, startAppHost } from '../../infra/local/app-host.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MOST_BYTES = 60_000;

interface Answer {
  status: number | undefined;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

let folder: string;
let host: AppHost;

/** Without the page, and without one setting: neither is needed to start. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-'));
  await mkdir(join(folder, 'dist'));
  await cp(join(ROOT, 'dist', 'index.cjs'), join(folder, 'dist', 'index.cjs'));
  host = await startAppHost({
    port: 0,
    onLog: () => {},
    env: {
      PATH: process.env.PATH ?? '',
      HOST_APP: join(folder, 'dist', 'index.cjs'),
      HOST_KEYS: JSON.stringify({ master: 'm', host: 'h', eventGrid: 'e' }),
      'AzureWebJobs.reconcile.Disabled': 'true',
      'AzureWebJobs.rotate-credentials.Disabled': 'true',
    },
  });
});
afterAll(async () => {
  await host?.close();
  await rm(folder, { recursive: true, force: true });
});

/** fetch would decompress the answer. */
async function ask(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(`${host.url}/api/${path}`, { headers }, async response => {
      resolve({ status: response.statusCode, headers: response.headers, body: await buffer(response) });
    })
      .on('error', reject)
      .end();
  });
}

test('the app starts without the page, and reads it when it is asked for', async () => {
  expect(await ask('health')).toMatchObject({ status: 200 });
  expect(await ask('console')).toMatchObject({ status: 500 });

  await cp(join(ROOT, 'dist', 'console.html'), join(folder, 'dist', 'console.html'));

  expect(await ask('console')).toMatchObject({ status: 200 });
});

describe('the page', () => {
  test('is one file that asks no other host for anything', async () => {
    const html = (await ask('console')).body.toString();

    expect(html.match(/<(?:script|link|img|iframe)[^>]*(?:src|href)="(?!data:,)[^"]*"/g)).toBe(null);
    expect(html).not.toMatch(/@import|url\((?!data:)/);
  });

  test('may run its own script and style alone, and call only its own host', async () => {
    const { headers, body } = await ask('console');
    const hashOf = (tag: string) => {
      const [, text = ''] = new RegExp(`<${tag}[^>]*>(.*?)</${tag}>`, 's').exec(body.toString()) ?? [];
      return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    };

    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy.sort()).toEqual(
      [
        "default-src 'none'",
        `script-src ${hashOf('script')}`,
        `style-src ${hashOf('style')}`,
        "connect-src 'self'",
        'img-src data:',
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ].sort(),
    );
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-type': 'text/html; charset=utf-8',
    });
    expect(headers['set-cookie']).toBe(undefined);
  });

  test.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)('is sent with %s, in less than 60 kB', async (encoding, decompress) => {
    const plain = await ask('console');
    const { headers, body } = await ask('console', { 'accept-encoding': encoding });

    expect(headers).toMatchObject({ 'content-encoding': encoding, vary: 'accept-encoding' });
    expect(body.length).toBeLessThan(MOST_BYTES);
    expect(decompress(body).equals(plain.body)).toBe(true);
    expect(plain.body.length).toBe((await stat(join(ROOT, 'dist', 'console.html'))).size);
  });

  test.each([
    ['deflate', undefined],
    ['br;q=0, gzip', 'gzip'],
    ['gzip, br', 'br'],
  ])('with accept-encoding %s is sent as %s', async (accepted, encoding) => {
    const { headers } = await ask('console', { 'accept-encoding': accepted });

    expect(headers['content-encoding']).toBe(encoding);
  });

  test('is not sent again to a browser that has it', async () => {
    const etag = String((await ask('console')).headers.etag);
    const [same, weak, other] = await Promise.all(
      [etag, `W/${etag}`, '"other"'].map(known => ask('console', { 'if-none-match': known })),
    );

    expect(same).toMatchObject({ status: 304, body: Buffer.alloc(0) });
    expect([weak?.status, other?.status]).toEqual([304, 200]);
  });
});
