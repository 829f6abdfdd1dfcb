import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi';
import type { AnswerSpec, AnyHttpFunction } from '../http-function.ts';
import { problemResponses } from './problems.ts';
import { securityOf } from './security.ts';
import { tagOf } from './tags.ts';

/** The part of the document about one function. */
export function operationOf(name: string, spec: AnyHttpFunction): ZodOpenApiOperationObject {
  const {
    method,
    summary,
    description,
    role,
    furtherRole,
    path,
    query,
    headers = {},
    body,
    examples = {},
    answers,
  } = spec;
  const bodyless = method === 'POST' && !body ? 'Takes no body.' : undefined;
  const further = furtherRole && `, and ${furtherRole.when} \`${furtherRole.role}\` too`;
  const whoMayCall = role
    ? `Needs the app role \`${role}\`${further ?? ''}; or a function key.`
    : 'Needs no authentication.';
  return {
    operationId: name,
    tags: [tagOf(spec.route)],
    summary,
    description: [description, bodyless, whoMayCall].filter(Boolean).join(' '),
    security: securityOf(role),
    requestParams: { ...(path && { path }), ...(query && { query }) },
    parameters: Object.entries(headers).map(([header, text]) => ({
      ...{ name: header, in: 'header', description: text, schema: { type: 'string' } },
    })),
    ...(body && {
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: body, examples: mapValues(examples, value => ({ value })) },
        },
      },
    }),
    responses: { ...mapValues(answers, success), ...problemResponses(spec) },
  };
}

function success({ description, headers, body, example, content }: AnswerSpec): ZodOpenApiResponseObject {
  const json = body && { 'application/json': { schema: body, example } };
  return {
    description,
    ...(headers && {
      headers: mapValues(headers, text => ({ description: text, schema: { type: 'string' } })),
    }),
    ...((json || content) && { content: { ...json, ...content } }),
  };
}

function mapValues<T, R>(values: Record<string, T>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}
