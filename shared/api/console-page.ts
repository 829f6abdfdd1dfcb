import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { HttpResponseInit } from '@azure/functions';
import { knows } from './conditional.ts';

/** A page that is one file, ready to be sent. */
export interface Page {
  html: Buffer;
  etag: string;
  headers: Record<string, string>;
  /** What was compressed already, by the name of the encoding. */
  encoded: Map<string, Buffer>;
}

/** Those that the page is sent in, the best first. */
const ENCODINGS: Readonly<Record<string, (html: Buffer) => Buffer>> = {
  br: html => brotliCompressSync(html, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: html => gzipSync(html, { level: 9 }),
};

/** Prepares a page whose script and style are inline. Only these may run in it, and it may call only its own host. */
export function pageOf(html: Buffer): Page {
  const text = html.toString();
  const policy = [
    "default-src 'none'",
    `script-src ${hashesOf(text, 'script')}`,
    `style-src ${hashesOf(text, 'style')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    html,
    etag: `"${createHash('sha256').update(html).digest('base64url')}"`,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
      vary: 'accept-encoding',
    },
    encoded: new Map(),
  };
}

/** https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function hashesOf(html: string, tag: 'script' | 'style'): string {
  const contents = [...html.matchAll(new RegExp(`<${tag}[^>]*>(.*?)</${tag}>`, 'gs'))];
  return contents
    .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
    .join(' ');
}

/** The answer with the page, or 304 when the browser has it. */
export function answerWith(page: Page, asked: { get(name: string): string | null }): HttpResponseInit {
  const headers = { ...page.headers, etag: page.etag };
  if (knows(asked.get('if-none-match'), page.etag)) return { status: 304, headers };
  const encoding = chooseEncoding(asked.get('accept-encoding') ?? '');
  if (!encoding) return { status: 200, headers, body: page.html };
  const body = page.encoded.get(encoding) ?? (ENCODINGS[encoding] as (html: Buffer) => Buffer)(page.html);
  page.encoded.set(encoding, body);
  return { status: 200, headers: { ...headers, 'content-encoding': encoding }, body };
}

/** RFC 9110, section 12.5.3; one that the client weighs with 0 is refused. */
function chooseEncoding(accepted: string): string | undefined {
  const names = accepted
    .toLowerCase()
    .split(',')
    .map(part => part.trim())
    .filter(part => !/;\s*q=0(?:\.0*)?$/.test(part))
    .map(part => part.split(';')[0]?.trim());
  return Object.keys(ENCODINGS).find(encoding => names.includes(encoding));
}
