import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

/** Coder's own description of its API, Swagger 2.0. It lies beside the repository, not in it. */
export const API_FILE = join(import.meta.dirname, '../../../../../../shared/facts/coder-v2.35.1-api.json');

/** Calls that the description leaves out. */
const UNLISTED = [/^POST \/users$/, /^PUT \/users\/[^/]+\/roles$/, /^GET \/workspaceagents\/[^/]+\/logs$/];

/** Where a real Coder does not answer what it describes: a text, one version instead of a list, other keys, and null. */
const DESCRIBED_WRONGLY = [
  /^POST \/templateversions\/[^/]+\/(un)?archive$/,
  /^GET \/templates\/[^/]+\/versions\/[^/]+$/,
  /^POST \/templates\/[^/]+\/versions\/archive$/,
  /^GET \/templateversions\/[^/]+\/presets$/,
];

interface Schema {
  [keyword: string]: unknown;
}

interface Api {
  paths: Record<string, Record<string, { responses: Record<string, { schema?: Schema }> }>>;
  definitions: Record<string, Schema>;
}

/** Says what is wrong with an answer, by Coder's description; undefined for nothing. */
export type CheckAnswer = (method: string, path: string, status: number, body: unknown) => string | undefined;

/** Undefined when the description is not at hand. */
export function loadApiTypes(): CheckAnswer | undefined {
  if (!existsSync(API_FILE)) return undefined;
  const { paths, definitions } = JSON.parse(readFileSync(API_FILE, 'utf8')) as Api;
  // Coder shows the type as it is written in the template, such as `list(string)`.
  const variable = definitions['codersdk.TemplateVersionVariable'] as { properties: Record<string, Schema> };
  variable.properties.type = { type: 'string' };
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  // Coder calls names and empty texts addresses.
  for (const format of ['uri', 'url']) ajv.addFormat(format, true);
  ajv.addSchema({ $id: 'coder', definitions: lenient(definitions) });
  const validators = new Map<string, ValidateFunction>();
  const compile = (schema: Schema) => {
    const key = JSON.stringify(schema);
    const known = validators.get(key) ?? ajv.compile(absolute(schema) as Schema);
    validators.set(key, known);
    return known;
  };
  return (method, path, status, body) => {
    const call = `${method} ${path.split('?')[0]}`;
    if (UNLISTED.some(known => known.test(call))) return undefined;
    const schema = status >= 400 ? REFUSAL : answerOf(paths, call);
    if (schema === undefined || DESCRIBED_WRONGLY.some(known => status < 400 && known.test(call)))
      return undefined;
    const validate = compile(schema);
    return validate(body) ? undefined : `${call} ${status}: ${ajv.errorsText(validate.errors)}`;
  };
}

const REFUSAL = { $ref: '#/definitions/codersdk.Response', required: ['message'] };

/** What the description says of success, whichever of 200 and 201 it names. */
function answerOf(paths: Api['paths'], call: string): Schema | undefined {
  const [method = '', path = ''] = call.split(' ');
  const fitting = Object.keys(paths)
    .filter(one => paths[one]?.[method.toLowerCase()] && expressionFor(one).test(`/api/v2${path}`))
    .sort((a, b) => a.split('{').length - b.split('{').length);
  const [best] = fitting;
  if (best === undefined) throw new Error(`Coder describes no call ${call}.`);
  const { responses = {} } = paths[best]?.[method.toLowerCase()] ?? {};
  return (responses['200'] ?? responses['201'])?.schema;
}

function expressionFor(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`);
}

/** Swagger 2.0 cannot say that a field may be null; Go's may, unless they are required. */
function lenient(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lenient);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, lenient(inner)] as const);
  const schema = Object.fromEntries(entries) as Schema;
  if (typeof schema.properties !== 'object') return schema;
  const required = (schema.required as string[] | undefined) ?? [];
  const properties = Object.entries(schema.properties as Record<string, Schema>).map(([name, property]) => [
    name,
    required.includes(name) ? property : { anyOf: [property, { type: 'null' }] },
  ]);
  return { ...schema, properties: Object.fromEntries(properties) };
}

function absolute(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/definitions/', '"coder#/definitions/'));
}
