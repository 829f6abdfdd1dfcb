import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import '../../functions/index.ts';
import { pushSampleImage } from '../../infra/local/sample.ts';
import { CREDENTIAL } from '../../shared/api/examples.ts';
import { HTTP_FUNCTIONS } from '../../shared/api/http-function.ts';
import { openApiOf } from '../../shared/api/openapi/document.ts';
import { type App, startApp, until } from '../support/app.ts';

interface Schema {
  oneOf?: Schema[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}
interface Content {
  schema: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
interface Response {
  headers?: Record<string, object>;
  content?: Record<string, Content>;
}
interface Operation {
  operationId: string;
  parameters: { name: string; in: string; example?: string }[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, Response>;
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}

// As JSON, as the validator stumbles over an object that stands in two places.
const made = JSON.parse(JSON.stringify(openApiOf(HTTP_FUNCTIONS)));
const validator = new Validator();
const validity = await validator.validate(structuredClone(made));
const openApi = validator.resolveRefs({ specification: structuredClone(made) }) as unknown as OpenApi;

const ajv = new Ajv2020({ strict: false });
formats.default(ajv);

/** One call as the document describes it, every reference resolved. */
interface Described extends Operation {
  method: string;
  path: string;
  body: Content | undefined;
}

const CALLS: Described[] = Object.entries(openApi.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({
    ...operation,
    ...{ method: method.toUpperCase(), path: filled(path, operation) },
    body: operation.requestBody?.content['application/json'],
  })),
);
// A registry is there before it is looked at, and gone last.
const ORDER = ['PUT', 'POST', 'GET', 'DELETE'];
CALLS.sort((one, other) => ORDER.indexOf(one.method) - ORDER.indexOf(other.method));
const named = <T extends Described>(calls: T[]) => calls.map((call): [string, T] => [call.operationId, call]);
const WITH_BODY = CALLS.flatMap(call => (call.body ? [{ ...call, body: call.body }] : []));

/** Coder Classic has no templates: `templates.test.ts` calls these with Coder v2. */
function isForTemplates({ operationId }: Described): boolean {
  return operationId.startsWith('templates-');
}

function reasonOf({ text }: { text: string }): string {
  return JSON.parse(text).reason;
}

/** Changes the credential of the sample registry. */
async function declare(credential: object): Promise<void> {
  const { resourceId } = app.environment.cloud.registry;
  const answer = await app.api('PUT', 'registries/contoso', { resourceId, credential });
  expect(answer.status, answer.text).toBe(200);
}

let app: App;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

describe('the document', () => {
  test('is valid OpenAPI 3.1', () => {
    expect(validity).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  test('is what the app serves, the same each time', async () => {
    const [one, other] = [await app.api('GET', 'openapi.json'), await app.api('GET', 'openapi.json')];

    expect(JSON.parse(one.text)).toEqual(made);
    expect(other.text).toBe(one.text);
  });

  test('has every HTTP function of the app, and no other', async () => {
    const { keys } = app.environment;
    const headers = { 'x-functions-key': keys.master };
    const functions: { name: string; trigger: string; route: string; methods: string[] }[] = JSON.parse(
      (await app.request('/admin/functions', { headers })).text,
    );

    const described = Object.entries(openApi.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(
        ([method, { operationId }]) => `${operationId}: ${method.toUpperCase()} ${path}`,
      ),
    );
    expect(described.sort()).toEqual(
      functions
        .filter(({ trigger }) => trigger === 'httpTrigger')
        .map(({ name, route, methods }) => `${name}: ${methods} /${route.replace('{*', '{')}`)
        .sort(),
    );
  });

  test.each(named(CALLS))('%s has an example of every answer, which fits its schema', (_, { responses }) => {
    for (const { content = {} } of Object.values(responses)) {
      for (const [type, { schema, example }] of Object.entries(content)) {
        if (type === 'application/problem+json') continue;
        expect(example).toBeDefined();
        expect(faultsOf(schema, example)).toEqual([]);
      }
    }
  });

  test.each(named(WITH_BODY))('%s has examples of its body, which fit its schema', (_, { body }) => {
    const examples = Object.values(body.examples ?? {});

    expect(examples).not.toEqual([]);
    for (const { value } of examples) expect(faultsOf(body.schema, value)).toEqual([]);
  });
});

describe('the app answers as the document says', () => {
  test.each(named(CALLS))('%s, called as in its examples', async (_, call) => {
    if (call.method === 'POST') await sampleImageIsThere();
    if (call.operationId === 'registries-rotate') await declare({ kind: 'entra-identity', graceMinutes: 0 });
    const [first, ...others] = bodiesOf(call);

    for (const body of others) expectDescribed(call, await ask(call, body));
    const answer = await ask(call, first);

    if (isForTemplates(call)) expect([answer.status, reasonOf(answer)]).toEqual([409, 'no-templates']);
    else expect(answer.status, answer.text).toBeLessThan(300);
    expectDescribed(call, answer);
    if (call.operationId === 'registries-rotate') {
      const { username, password } = app.environment.cloud.registry.puller;
      await until(async () => !JSON.parse((await app.api('GET', 'registries/contoso')).text).rotation.step);
      await declare({ kind: 'static', username, password });
    }
  });

  test.each(named(WITH_BODY))('%s, without a field that it requires: 400', async (_, call) => {
    const [body] = bodiesOf(call);

    for (const path of requiredPaths(call.body.schema, body)) {
      const answer = await ask(call, without(body, path));

      expect([path, answer.status]).toEqual([path, 400]);
      expectDescribed(call, answer);
    }
  });

  test.each(named(CALLS))('%s, called wrongly', async (_, call) => {
    const [body] = bodiesOf(call);
    const json = { 'content-type': 'application/json' };

    const unknownField = await ask({ ...call, path: `${call.path}?colour=red` }, body);
    expect(unknownField.status).toBe(400);
    expectDescribed(call, unknownField);
    if (call.path.includes('contoso') && call.method !== 'PUT') {
      const unknownName = await ask({ ...call, path: call.path.replace('contoso', 'unknown') }, body);
      expect(JSON.parse(unknownName.text)).toMatchObject({ status: 404, reason: 'not-found' });
      expect(unknownName.status).toBe(404);
      expectDescribed(call, unknownName);
    }
    if (!call.body) return;
    const large = await ask(call, { ...(body as object), more: 'x'.repeat(300_000) }, json);
    const text = await ask(call, body, { 'content-type': 'text/plain' });
    expect([large.status, text.status]).toEqual([413, 415]);
    for (const answer of [large, text]) expectDescribed(call, answer);
  });

  test('whatever is called while Table Storage is down', async () => {
    app.environment.cloud.standIns.tables.faults.add({ status: 500 });

    const answers = await Promise.all(CALLS.map(call => ask(call, bodiesOf(call)[0])));

    app.clearFaults();
    for (const [i, answer] of answers.entries()) {
      const call = CALLS[i] as Described;
      expectDescribed(call, answer);
      // A diagnosis reports it.
      const isAnswered = !('503' in call.responses) || call.operationId === 'registries-diagnostics';
      const expected = isForTemplates(call) ? 409 : isAnswered ? 200 : 503;
      expect([call.operationId, answer.status]).toEqual([call.operationId, expected]);
    }
  });

  test.each(['arm', 'keyVault', 'registry', 'coder'] as const)(
    'whatever is called while %s is down',
    async where => {
      const put = CALLS.find(({ method }) => method === 'PUT') as Described;
      const [declared] = bodiesOf(put);
      expect((await ask(put, declared)).status).toBeLessThan(300);
      app.environment.cloud.standIns[where].faults.add({ status: 503 });

      for (const call of CALLS) expectDescribed(call, await ask(call, bodiesOf(call)[0]));

      app.clearFaults();
    },
  );

  test('slashes of an image reference may be sent as they are, or as %2F', async () => {
    const plain = await app.api('GET', 'images/unknown/team/app:v1');
    const encoded = await app.api('GET', 'images/unknown/team%2Fapp:v1');

    expect(JSON.parse(plain.text)).toMatchObject({ status: 404, reason: 'not-found' });
    expect(encoded).toEqual(plain);
  });
});

/** The registry was added by its own example. */
let pushed: Promise<unknown> | undefined;
function sampleImageIsThere(): Promise<unknown> {
  pushed ??= pushSampleImage(app.environment, app.tls.ca);
  return pushed;
}

function filled(path: string, { parameters }: Operation): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const { example } =
      parameters.find(parameter => parameter.in === 'path' && parameter.name === name) ?? {};
    if (example === undefined) throw new Error(`${path}: the parameter ${name} has no example.`);
    return example;
  });
}

function bodiesOf({ body }: Described): unknown[] {
  if (!body) return [undefined];
  const text = JSON.stringify(Object.values(body.examples ?? {}).map(({ value }) => value));
  return JSON.parse(text.replaceAll(CREDENTIAL.password, app.environment.cloud.registry.puller.password));
}

interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

async function ask(
  { method, path }: Described,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${app.environment.host.url}/api${path}`, {
    method,
    headers: {
      'x-functions-key': app.environment.keys.host,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The document has this status, and headers and body are as it says. */
function expectDescribed({ operationId, responses }: Described, { status, headers, text }: Answer) {
  expect(Object.keys(responses), operationId).toContain(String(status));
  const described = responses[status] as Response;
  const always = Object.entries(described.headers ?? {}).filter(
    ([, about]) => !/absent/.test(JSON.stringify(about)),
  );
  expect([...headers.keys()]).toEqual(expect.arrayContaining(always.map(([name]) => name)));
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  expect(Object.keys(described.content ?? { '': {} }), text).toContain(type);
  const schema = described.content?.[type]?.schema;
  if (schema) expect(faultsOf(schema, /json$/.test(type) ? JSON.parse(text) : text)).toEqual([]);
}

function faultsOf(schema: Schema, value: unknown): string[] {
  const validate = ajv.compile(schema);
  return validate(value)
    ? []
    : (validate.errors ?? []).map(error => `${error.instancePath} ${error.message}`);
}

/** Where the value has fields that the schema requires. */
function requiredPaths(
  schema: Schema,
  value: unknown,
  path: (string | number)[] = [],
): (string | number)[][] {
  const branch = (schema.oneOf ?? schema.anyOf)?.find(one => faultsOf(one, value).length === 0);
  if (branch) return requiredPaths(branch, value, path);
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => requiredPaths(schema.items ?? {}, item, [...path, i]));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => [
    ...(schema.required?.includes(name) ? [[...path, name]] : []),
    ...requiredPaths(schema.properties?.[name] ?? {}, field, [...path, name]),
  ]);
}

function without(value: unknown, path: (string | number)[]): unknown {
  const copy = structuredClone(value);
  const parent = path.slice(0, -1).reduce((at: unknown, key) => (at as Record<string, unknown>)[key], copy);
  delete (parent as Record<string, unknown>)[path.at(-1) as string];
  return copy;
}
