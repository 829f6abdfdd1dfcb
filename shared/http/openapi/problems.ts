import { STATUS_CODES } from 'node:http';
import * as z from 'zod';
import type { ZodOpenApiResponseObject } from 'zod-openapi';
import type { AnyHttpFunction } from '../http-function.ts';
import type { Problem } from '../problem.ts';
import { ImageView } from '../views/image.ts';
import { failuresOf, type Reason, statusOf } from './failures.ts';

/** The failing answers of a function by their status, each with its reasons. */
export function problemResponses(spec: AnyHttpFunction): Record<string, ZodOpenApiResponseObject> {
  const failures = failuresOf(spec);
  const responses = failures.map(({ status }) => {
    const reasons = failures.filter(other => other.status === status).map(({ reason }) => reason);
    const shared = reasons.length === 1 && SHARED.find(({ id }) => id === reasons[0]);
    return [status, shared || problemResponse(status, reasons)];
  });
  return Object.fromEntries(responses);
}

const PLATFORM_401 =
  'Where function keys are asked for, the platform answers a missing or wrong one itself, without a body.';

function problemResponse(status: number, reasons: Reason[]): ZodOpenApiResponseObject {
  const title = `${STATUS_CODES[status]}: ${reasons.map(reason => `\`${reason}\``).join(', ')}.`;
  const narrowed = {
    type: 'object' as const,
    properties: { status: { const: status }, reason: { enum: reasons } },
  };
  return {
    description: status === 401 ? `${title} ${PLATFORM_401}` : title,
    content: {
      'application/problem+json': {
        schema: { allOf: [{ $ref: '#/components/schemas/Problem' }, narrowed] },
      },
    },
  };
}

const SHARED_REASONS: Reason[] = [
  'invalid-request',
  'unauthenticated',
  'forbidden',
  'not-found',
  'too-large',
  'unsupported-media-type',
  'internal-error',
  'storage-unavailable',
];
/** Failing answers that many functions have in common. The document has each once, under its id, and refers to it. */
const SHARED = SHARED_REASONS.map(reason => ({ id: reason, ...problemResponse(statusOf(reason), [reason]) }));

const EXAMPLE: Problem = {
  type: 'about:blank',
  title: 'Bad Request',
  status: 400,
  reason: 'invalid-request',
  detail: 'The request is not valid; `errors` lists every fault.',
  errors: [{ path: 'policy.rules[0].tag', message: 'needs exactly one of glob, semver, regex' }],
};

/** The body of every failing answer of these functions. */
export function problemSchema(functions: AnyHttpFunction[]): z.ZodType {
  const reasons = [...new Set(functions.flatMap(failuresOf).map(({ reason }) => reason))];
  return z
    .strictObject({
      type: z.literal('about:blank'),
      title: z.string(),
      status: z.int(),
      reason: z.enum(reasons).describe('What programs decide on; it stays the same.'),
      detail: z.string().describe('What happened this time, and what to do, for people.'),
      remedy: z.string().optional().describe('What a person can do about it.'),
      errors: z
        .array(z.strictObject({ path: z.string(), message: z.string() }))
        .optional()
        .describe('Every fault of a bad request, each with the path to it.'),
      image: ImageView.optional().describe('The record of the image that this is about.'),
    })
    .meta({ description: 'An error (RFC 9457).', examples: [EXAMPLE] });
}
