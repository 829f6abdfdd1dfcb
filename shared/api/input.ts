import type { HttpRequest } from '@azure/functions';
import * as z from 'zod';
import { toDotPath } from 'zod/v4/core';
import { type Fault, invalidRequest, RefusedError } from '../errors.ts';
import { shorten } from '../lib/shorten.ts';
import { wordFault } from './faults.ts';

const LARGEST_BODY = 256 * 1024;
const MOST_FAULTS = 20;

/**
 * Checks a value against its schema.
 * @param unknownField the message for a field that the schema does not have
 * @throws RefusedError `invalid-request` with the first 20 faults, each with its path
 */
export function parseInput<T>(
  schema: z.ZodType<T>,
  value: unknown,
  unknownField = 'is not a known field',
): T {
  const parsed = schema.safeParse(value, { error: wordFault });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap(issue =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map(key => ({
          path: toDotPath([...issue.path, key]),
          message: unknownField,
        }))
      : [{ path: toDotPath(issue.path), message: issue.message }],
  );
  throw invalidRequest(firstOf(faults));
}

/** A body of 256 KiB can have thousands of faults, with names as long. */
function firstOf(faults: Fault[]): Fault[] {
  const first = faults
    .slice(0, MOST_FAULTS)
    .map(({ path, message }) => ({ path: shorten(path), message: shorten(message) }));
  const more = faults.length - first.length;
  return more > 0 ? [...first, { path: '', message: `and ${more} more` }] : first;
}

/** Reads a JSON body. @throws RefusedError when it is not JSON */
export async function readJson<T>(request: HttpRequest, schema: z.ZodType<T>): Promise<T> {
  if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) {
    throw new RefusedError(
      'unsupported-media-type',
      'Send JSON, with the header Content-Type: application/json.',
    );
  }
  const text = await request.text();
  if (text.trim() === '') throw new RefusedError('invalid-request', 'The body is empty. Send JSON.');
  if (text.length > LARGEST_BODY) throw new RefusedError('too-large', 'The body is longer than 256 KiB.');
  return parseInput(schema, parseJson(text));
}

/**
 * A call that takes no body must not ignore what one asks for, such as a dry run.
 * @throws RefusedError `invalid-request` when there is one
 */
export async function refuseBody(request: HttpRequest, query: z.ZodType | undefined): Promise<void> {
  if ((await request.text()).trim() === '') return;
  const names = query instanceof z.ZodObject ? Object.keys(query.shape) : [];
  const example = names.map(name => `${name}=…`).join('&');
  const instead = example && ` Use query parameters instead: ?${example}`;
  throw new RefusedError('invalid-request', `This call takes no body.${instead}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Only the position: the message quotes the text around it, which may be a password.
    const [place] = /at position \d+/.exec((error as Error).message) ?? [''];
    throw new RefusedError(
      'invalid-request',
      `The body is not JSON. ${place && `The fault is ${place}.`}`.trim(),
    );
  }
}

/**
 * Checks the query, without `code`, which holds a function key. The host of the app makes one value of a parameter that
 * is there several times, with commas between them; only with HTTP streams, which the app does not use, it does not.
 */
export function readQuery<T>(request: HttpRequest, schema: z.ZodType<T>): T {
  const { code: _, ...query } = Object.fromEntries(request.query);
  return parseInput(schema, query, 'is not a known parameter');
}
