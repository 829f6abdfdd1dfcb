import { STATUS_CODES } from 'node:http';
import * as z from 'zod';
import { Policy } from '../policy/policy.ts';
import { IMAGE_REASONS, REASONS, REFUSALS } from '../reasons.ts';
import type { AnswerSpec, AnyHttpFunction } from './http-function.ts';
import type { Problem } from './problem.ts';
import { ROLES } from './roles.ts';
import { ImageView, RegistryView, ReportView } from './views.ts';

/** A part of the document. */
type Json = Record<string, unknown>;
type Reason = Problem['reason'];

/** Schemas that the document has once, under these names, and refers to. */
const NAMED = { Registry: RegistryView, Image: ImageView, Report: ReportView, Policy };
for (const [id, schema] of Object.entries(NAMED)) z.globalRegistry.add(schema, { id });

/** What calls are grouped by: the first part of their path, or else `app`. */
const TAGS: Record<string, string> = {
  registries: 'Registries, and how they compare with Coder',
  images: 'What became of each tag',
  app: 'The app itself',
};

/** Values of path parameters that `npm start` knows, wherever they occur. */
const PATH_EXAMPLES: Record<string, string> = {
  name: 'contoso',
  registry: 'contoso',
  reference: 'samples/workspace:v1',
};

const INFO = {
  title: 'Coder ACR Bridge',
  version: '1.0.0',
  description:
    'Brings every image pushed to an Azure Container Registry into Coder. Errors are `application/problem+json` with a stable `reason`. Lists go on with the `continuationToken` that they gave.',
};

const SECURITY_SCHEMES = {
  functionKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-functions-key',
    description: 'A key of the function, or the host key, which opens every function.',
  },
  functionKeyInQuery: {
    type: 'apiKey',
    in: 'query',
    name: 'code',
    description: 'The same in the query. The header is better, as URLs end in logs.',
  },
  entra: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: `Where the platform signs callers in: an Entra token for this app, with the app role that the call names. ${Object.entries(
      ROLES,
    )
      .map(([role, meaning]) => `\`${role}\`: ${meaning}`)
      .join(' ')}`,
  },
};

const CATCH_ALL =
  'Its slashes stay as they are: `/images/contoso/team/app:v1`. A client that cannot but send `%2F` is understood too.';
const PLATFORM_401 =
  'Where function keys are asked for, the platform answers a missing or wrong one itself, without a body.';

/** The OpenAPI document of these functions, made from the schemas that check what they take. */
export function openApiOf(functions: ReadonlyMap<string, AnyHttpFunction>): Json {
  const taken = convert(functions, 'input', ({ path, query, body }) => ({ path, query, body }));
  const given = convert(functions, 'output', ({ answers }) =>
    Object.fromEntries(
      Object.entries(answers).flatMap(([status, answer]) =>
        Object.entries(bodiesOf(answer)).map(([type, schema]) => [`${status} ${type}`, schema]),
      ),
    ),
  );
  const paths: Record<string, Json> = {};
  for (const [name, spec] of functions) {
    const path = `/${spec.route.replace(PARAMETER, '{$2}')}`;
    paths[path] = {
      ...paths[path],
      [spec.method.toLowerCase()]: operation(name, spec, taken.of(name), given.of(name)),
    };
  }
  const failures = [...functions.values()].flatMap(failuresOf);
  const reasons = [...new Set(failures.map(([, reason]) => reason))];
  return {
    openapi: '3.1.0',
    info: INFO,
    servers: [{ url: '/api' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: { ...taken.components, ...given.components, Problem: problemSchema(reasons) },
      responses: Object.fromEntries(SHARED.map(reason => [reason, problem(statusOf(reason), [reason])])),
    },
  };
}

function operation(name: string, spec: AnyHttpFunction, taken: Schemas, given: Schemas): Json {
  const { summary, description, role, body, examples = {} } = spec;
  const tag = spec.route.split('/')[0] as string;
  const roleNote = role && `Takes the app role \`${role}\`, or a function key.`;
  return {
    operationId: name,
    tags: [tag in TAGS ? tag : 'app'],
    summary,
    description: [description, roleNote ?? 'Anybody may call it.'].filter(Boolean).join(' '),
    security: role ? [{ functionKey: [] }, { functionKeyInQuery: [] }, { entra: [role] }] : [],
    parameters: [...pathParameters(spec, taken.path), ...queryParameters(taken.query), ...headers(spec)],
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: taken.body, examples: titled(examples) } },
      },
    }),
    responses: { ...successes(spec, given), ...failures(spec) },
  };
}

/** A parameter of a route template: the stars of a catch-all, its name, its constraints. */
const PARAMETER = /\{(\*{0,2})(\w+)[^}]*\}/g;

function pathParameters({ route }: AnyHttpFunction, schema: Json | undefined): Json[] {
  return [...route.matchAll(PARAMETER)].map(([, stars = '', name = '']) => ({
    name,
    in: 'path',
    required: true,
    ...(stars && { description: CATCH_ALL }),
    schema: propertiesOf(schema)[name] ?? { type: 'string' },
    ...(PATH_EXAMPLES[name] && { example: PATH_EXAMPLES[name] }),
  }));
}

function queryParameters(schema: Json | undefined): Json[] {
  const required = (schema?.required ?? []) as string[];
  return Object.entries(propertiesOf(schema)).map(([name, { description, ...property }]) => ({
    name,
    in: 'query',
    ...(required.includes(name) && { required: true }),
    ...(description !== undefined && { description }),
    schema: property,
  }));
}

function headers(spec: AnyHttpFunction): Json[] {
  return Object.entries(spec.headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }));
}

function successes({ answers }: AnyHttpFunction, schemas: Schemas): Json {
  const entries = Object.entries(answers).map(([status, answer]) => {
    const { description, headers = {} } = answer;
    const content = Object.keys(bodiesOf(answer)).map(type => [
      type,
      { schema: schemas[`${status} ${type}`], example: exampleOf(answer, type) },
    ]);
    const response = {
      description,
      ...(Object.keys(headers).length > 0 && {
        headers: mapValues(headers, text => ({ description: text, schema: { type: 'string' } })),
      }),
      ...(content.length > 0 && { content: Object.fromEntries(content) }),
    };
    return [status, response];
  });
  return Object.fromEntries(entries);
}

function failures(spec: AnyHttpFunction): Json {
  const byStatus = new Map<number, Reason[]>();
  for (const [status, reason] of failuresOf(spec)) {
    byStatus.set(status, [...(byStatus.get(status) ?? []), reason]);
  }
  const entries = [...byStatus].map(([status, reasons]) => {
    const shared = reasons.length === 1 && SHARED.find(reason => reason === reasons[0]);
    return [status, shared ? { $ref: `#/components/responses/${shared}` } : problem(status, reasons)];
  });
  return Object.fromEntries(entries);
}

/** Failing answers that many calls have in common. */
const SHARED: readonly Reason[] = [
  'invalid-request',
  'unauthenticated',
  'forbidden',
  'not-found',
  'too-large',
  'unsupported-media-type',
  'internal-error',
  'storage-unavailable',
];

function problem(status: number, reasons: readonly Reason[]): Json {
  const title = `${STATUS_CODES[status]}: ${reasons.map(reason => `\`${reason}\``).join(', ')}.`;
  const narrowed = {
    type: 'object',
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

/** Every way in which a call may fail. */
function failuresOf(spec: AnyHttpFunction): [status: number, reason: Reason][] {
  const { role, body, standalone, refusals = [], answersNotImported } = spec;
  const reasons: Reason[] = [
    'invalid-request',
    ...(role ? (['unauthenticated', 'forbidden'] as const) : []),
    ...(body ? (['too-large', 'unsupported-media-type'] as const) : []),
    ...refusals,
    'internal-error',
    ...(standalone ? [] : (['storage-unavailable'] as const)),
  ];
  const failures = reasons.map((reason): [number, Reason] => [statusOf(reason), reason]);
  const known = new Set(failures.map(String));
  const more = (answersNotImported ? NOT_IMPORTED : []).map((reason): [number, Reason] => [422, reason]);
  return [...failures, ...more.filter(failure => !known.has(String(failure)))];
}

/** What was pending for too long fails with the reason that it waited for; being under way is no failure. */
const NOT_IMPORTED = IMAGE_REASONS.filter(
  reason => REASONS[reason].state !== 'imported' && reason !== 'importing' && reason !== 'replayed',
);

/** The status that `problemOf` gives; whatever is no refusal of ours is a service that fails us. */
function statusOf(reason: Reason): number {
  if (reason === 'internal-error') return 500;
  if (reason === 'conflict') return 409;
  return reason in REFUSALS ? REFUSALS[reason as keyof typeof REFUSALS] : 503;
}

function problemSchema(reasons: Reason[]): Json {
  const schema = z.strictObject({
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
  });
  const { $schema: _, $defs: _defs, ...json } = toJson(schema, 'output');
  const example: Problem = {
    type: 'about:blank',
    title: 'Bad Request',
    status: 400,
    reason: 'invalid-request',
    detail: 'The request is not valid; `errors` lists every fault.',
    errors: [{ path: 'policy.rules[0].tag', message: 'needs exactly one of glob, semver, regex' }],
  };
  return { description: 'An error (RFC 9457).', ...json, examples: [example] };
}

type Schemas = Record<string, Json | undefined>;

/** All schemas of one direction at once, so that the named ones come out apart. */
function convert(
  functions: ReadonlyMap<string, AnyHttpFunction>,
  io: 'input' | 'output',
  select: (spec: AnyHttpFunction) => Record<string, z.ZodType | undefined>,
): { components: Json; of(name: string): Schemas } {
  const shape = mapValues(Object.fromEntries(functions), spec => {
    const schemas = Object.entries(select(spec)).filter(([, schema]) => schema);
    return z.object(Object.fromEntries(schemas) as Record<string, z.ZodType>);
  });
  const { $defs = {}, ...all } = toJson(z.object(shape), io);
  return {
    components: $defs as Json,
    of: name => propertiesOf(propertiesOf(all)[name]),
  };
}

function toJson(schema: z.ZodType, io: 'input' | 'output'): Json {
  const json = z.toJSONSchema(schema, {
    io,
    override({ zodSchema, jsonSchema }) {
      delete jsonSchema.id;
      const further = (zodSchema._zod.def.checks ?? []).flatMap(messageOf);
      if (further.length > 0) {
        const { description } = jsonSchema;
        jsonSchema.description = [description, ...further.map(text => `Fault otherwise: ${text}.`)]
          .filter(Boolean)
          .join(' ');
      }
      // The format says it in one word, and the bounds are those of any number in JavaScript.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/'));
}

/** What a check says that JSON Schema has no words for. */
function messageOf({ _zod: { def } }: z.core.$ZodCheck): string[] {
  const message = def.check === 'custom' && def.error?.({} as never);
  return typeof message === 'string' ? [message] : [];
}

function propertiesOf(schema: Json | undefined): Record<string, Json> {
  return (schema?.properties ?? {}) as Record<string, Json>;
}

/** Schemas of an answer's body by content type. */
function bodiesOf({ body }: AnswerSpec): Record<string, z.ZodType> {
  if (!body) return {};
  return body instanceof z.ZodType ? { 'application/json': body } : body;
}

function exampleOf({ body, example }: AnswerSpec, type: string): unknown {
  return body instanceof z.ZodType ? example : (example as Json | undefined)?.[type];
}

function titled(examples: Record<string, unknown>): Json {
  return mapValues(examples, value => ({ value }));
}

function mapValues<T, R>(values: Record<string, T>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}
