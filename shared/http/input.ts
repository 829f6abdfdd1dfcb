import type { HttpRequest } from '@azure/functions';
import * as z from 'zod';
import { toDotPath } from 'zod/v4/core';
import { STATES } from '../reasons.ts';
import { parseReference } from '../reference.ts';
import { invalidRequest, RefusedError } from '../refused.ts';
import { RegistryName } from '../registry.ts';

/** How zod says that a field is not there. */
const MISSING = /^Invalid input: expected .*, received undefined$/;
const LARGEST_BODY = 256 * 1024;

/** Checks a value against its schema. @throws RefusedError `invalid-request` with every fault and its path */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap(issue =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map(key => ({
          path: toDotPath([...issue.path, key]),
          message: 'is not a known field',
        }))
      : [{ path: toDotPath(issue.path), message: issue.message.replace(MISSING, 'is required') }],
  );
  throw invalidRequest(faults);
}

/** Reads a JSON body. @throws RefusedError when it is none */
export async function readJson<T>(request: HttpRequest, schema: z.ZodType<T>): Promise<T> {
  if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) {
    throw new RefusedError(
      'unsupported-media-type',
      'Send JSON, with the header Content-Type: application/json.',
    );
  }
  const text = await request.text();
  if (text.length > LARGEST_BODY) throw new RefusedError('too-large', 'The body is longer than 256 KiB.');
  return parseInput(schema, parseJson(text));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Only the place: the message quotes the text around it, which may be a password.
    const [place] = /at position \d+/.exec((error as Error).message) ?? [''];
    throw new RefusedError(
      'invalid-request',
      `The body is not JSON. ${place && `The fault is ${place}.`}`.trim(),
    );
  }
}

const LIMITS = 'must be a whole number from 1 to 1000';

/** How lists are asked for. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number('must be a number').int(LIMITS).min(1, LIMITS).max(1_000, LIMITS).default(100),
  continuationToken: z.string().max(4_096).optional(),
});

/** How image records are asked for. */
export const ImagesQuery = PageQuery.extend({
  registry: RegistryName.optional(),
  state: z.enum(STATES, `must be one of ${STATES.join(', ')}`).optional(),
});

/** The path to a registry. */
export const RegistryPath = z.strictObject({ name: RegistryName });

/** The path to one image record. */
export const ImagePath = z.strictObject({
  registry: RegistryName,
  reference: z.string({ error: 'must be repository:tag' }).transform((text, context) => {
    // Whether the platform decodes an escaped slash depends on its front end; no name holds a `%` of its own.
    const reference = parseReference(text.replace(/%2f/gi, '/'));
    if (reference) return reference;
    context.addIssue({ code: 'custom', message: 'must be repository:tag, such as team/app:v1' });
    return z.NEVER;
  }),
});

/** Checks the query; the `code` that carries a function key is none of our fields. */
export function readQuery<T>(request: HttpRequest, schema: z.ZodType<T>): T {
  const { code: _, ...query } = Object.fromEntries(request.query);
  return parseInput(schema, query);
}
