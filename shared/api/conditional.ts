import { createHash } from 'node:crypto';
import type { HttpRequest, HttpResponseInit } from '@azure/functions';

/** The header that makes a read answer only what changed. */
export const READ_HEADERS = {
  'if-none-match': 'ETag of an earlier answer: 304 while the answer would be the same.',
};

export const NOT_CHANGED = {
  description: 'The answer is the one with this ETag.',
  headers: { etag: 'Of that answer.' },
};

/**
 * An answer with the ETag of its content, or 304 when the caller has it already. The record's own ETag would not do:
 * the answer has parts of other records too.
 */
export function conditionalAnswer({ headers }: HttpRequest, jsonBody: object): HttpResponseInit {
  const etag = `"${createHash('sha256').update(JSON.stringify(jsonBody)).digest('base64url').slice(0, 22)}"`;
  return knows(headers.get('if-none-match'), etag)
    ? { status: 304, headers: { etag } }
    : { status: 200, headers: { etag }, jsonBody };
}

/**
 * Whether the caller has the answer with this ETag already. Proxies that compress an answer, as Azure's front end, may
 * make its ETag a weak one; the comparison is weak (RFC 9110, 13.1.2).
 */
export function knows(ifNoneMatch: string | null, etag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map(text => text.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}
