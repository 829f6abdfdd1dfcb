import type { HttpRequest } from '@azure/functions';
import * as z from 'zod';
import { toDotPath } from 'zod/v4/core';
import { invalidRequest, RefusedError } from '../errors.ts';
import { isRepository, isTag, parseReference } from '../policy/reference.ts';
import { IMAGE_REASONS, REASONS, STATES } from '../reasons.ts';
import { RegistryInput, RegistryName } from '../records/registry.ts';
import { wordFault } from './faults.ts';

const LARGEST_BODY = 256 * 1024;

/**
 * Checks a value against its schema.
 * @param unknownField what to say of a field that the schema does not have
 * @throws RefusedError `invalid-request` with every fault and its path
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
  if (text.trim() === '') throw new RefusedError('invalid-request', 'The body is empty. Send JSON.');
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

const readOnly = z.unknown().optional().describe('As GET gives it; not heeded.');

/** A registry as it is declared. What GET gave can be changed and sent back whole. */
export const RegistryBody = RegistryInput.extend({
  name: readOnly,
  loginServer: readOnly,
  sku: readOnly,
  rotation: readOnly,
  createdOn: readOnly,
  updatedOn: readOnly,
}).transform(
  ({
    name: _n,
    loginServer: _l,
    sku: _s,
    rotation: _r,
    createdOn: _c,
    updatedOn: _u,
    ...input
  }): RegistryInput => input,
);

const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .default('false')
  .transform(text => text === 'true');

/** Whether something is only to be shown. */
export const DryRunQuery = z.strictObject({ dryRun: flag });

/** How a rotation is asked for. */
export const RotateQuery = z.strictObject({ dryRun: flag, compromised: flag });

const MINUTES = 'must be a whole number from 1 to 43200';

/** The window, up to now, over which latencies are summed up. */
export const LatencyQuery = z.strictObject({
  minutes: z.coerce.number('must be a number').int(MINUTES).min(1, MINUTES).max(43_200, MINUTES).default(60),
});

const UNFINISHED_REASONS = IMAGE_REASONS.filter(reason =>
  ['pending', 'failed'].includes(REASONS[reason].state),
);

/** What to try again: one image, or all of a registry that are parked or waiting, of one reason if one is named. */
export const ReplayInput = z
  .strictObject({
    registry: RegistryName,
    repository: z
      .string()
      .refine(isRepository, 'must be a repository name of OCI, such as team/app')
      .optional(),
    tag: z.string().refine(isTag, 'must be a tag of OCI, such as v1').optional(),
    reason: z.enum(UNFINISHED_REASONS, `must be one of ${UNFINISHED_REASONS.join(', ')}`).optional(),
  })
  .refine(
    ({ repository, tag }) => (repository === undefined) === (tag === undefined),
    'needs both repository and tag, or neither',
  )
  .refine(
    ({ tag, reason }) => tag === undefined || reason === undefined,
    'takes a reason only without a tag',
  );

/** The registry of `npm start`, for calls that the document shows. */
const registryInPath = RegistryName.meta({ param: { example: 'contoso' } });

/** The path to a registry. */
export const RegistryPath = z.strictObject({ name: registryInPath });

const CATCH_ALL =
  'Its slashes stay as they are: `/images/contoso/team/app:v1`. A client that cannot but send `%2F` is understood too.';

/** The path to one image record, or to a repository. */
export const ImagePath = z.strictObject({
  registry: registryInPath,
  reference: z
    .string({ error: 'must be repository:tag, or a repository' })
    .transform((text, context): { repository: string; tag?: string } => {
      // Whether the platform decodes an escaped slash depends on its front end; no name holds a `%` of its own.
      const name = text.replace(/%2f/gi, '/');
      const reference = parseReference(name);
      if (reference) return reference;
      if (isRepository(name)) return { repository: name };
      context.addIssue({
        code: 'custom',
        message: 'must be repository:tag, such as team/app:v1, or a repository',
      });
      return z.NEVER;
    })
    .meta({ param: { description: CATCH_ALL, example: 'samples/workspace:v1' } }),
});

/** Checks the query; the `code` that carries a function key is none of our fields. */
export function readQuery<T>(request: HttpRequest, schema: z.ZodType<T>): T {
  const { code: _, ...query } = Object.fromEntries(request.query);
  return parseInput(schema, query, 'is not a known parameter');
}
