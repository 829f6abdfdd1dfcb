import { STATUS_CODES } from 'node:http';
import * as z from 'zod';
import type { ZodOpenApiResponseObject } from 'zod-openapi';
import type { AnyHttpFunction } from '../http-function.ts';
import { type Problem, statusOf } from '../problem.ts';
import { ImageView } from '../views/image.ts';
import { failuresOf, type Reason } from './failures.ts';

/** The error answers of a function by status, each with its reasons. */
export function problemResponses(spec: AnyHttpFunction): Record<string, ZodOpenApiResponseObject> {
  const failures = failuresOf(spec);
  const responses = failures.map(({ status }) => {
    const reasons = failures.filter(other => other.status === status).map(({ reason }) => reason);
    const shared = SHARED.find(other => other.reasons.join() === reasons.join());
    return [status, shared?.response ?? problemResponse(status, reasons)];
  });
  return Object.fromEntries(responses);
}

const PLATFORM_401 =
  'Where calls need a function key, the platform itself answers a missing or wrong one, with an empty body.';

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

const SHARED_REASONS: [Reason, ...Reason[]][] = [
  ['invalid-request'],
  ['unauthenticated'],
  ['forbidden'],
  ['not-found'],
  ['too-large'],
  ['unsupported-media-type'],
  ['internal-error'],
  ['internal-error', 'record-unreadable'],
  ['storage-unavailable'],
];
/** Error answers that many functions share. The document contains each once, by id, and refers to it. */
const SHARED = SHARED_REASONS.map(reasons => ({
  reasons,
  response: { id: reasons.join('-or-'), ...problemResponse(statusOf(reasons[0]), reasons) },
}));

const EXAMPLE: Problem = {
  type: 'about:blank',
  title: 'Bad Request',
  status: 400,
  reason: 'invalid-request',
  detail: 'The request is not valid; `errors` lists every fault.',
  errors: [{ path: 'policy.rules[0].tag', message: 'needs exactly one of glob, semver, regex' }],
};

/** The body of every error answer of these functions. */
export function problemSchema(functions: AnyHttpFunction[]): z.ZodType {
  const reasons = [...new Set(functions.flatMap(failuresOf).map(({ reason }) => reason))];
  return z
    .strictObject({
      type: z.literal('about:blank'),
      title: z.string(),
      status: z.int(),
      reason: z.enum(reasons).describe('A stable code for programs.'),
      detail: z.string().describe('For people: what happened, and what to do.'),
      remedy: z.string().optional().describe('What a person must do.'),
      errors: z
        .array(z.strictObject({ path: z.string(), message: z.string() }))
        .optional()
        .describe('Every fault of a bad request, each with its path.'),
      image: ImageView.optional().describe('The record of the image in question.'),
    })
    .meta({ description: 'An error (RFC 9457).', examples: [EXAMPLE] });
}
