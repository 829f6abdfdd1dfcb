import { onTestFinished } from 'vitest';
import { createMovableClock } from '../../../../../infra/local/clock.ts';
import { tarOfFiles } from '../../../../../infra/local/folder-tar.ts';
import { createSecrets } from '../../../../../infra/local/secrets.ts';
import { type CoderV2Options, startCoderV2 } from '../../../../../infra/local/stand-ins/coder-v2/coder-v2.ts';
import { loadApiTypes } from './api-types.ts';
import { template as sampleFiles } from './sources.ts';

const checkAnswer = loadApiTypes();

export const MINUTE_MS = 60_000;

// The tests read what they expect; a missing field fails the comparison.
type Json = ReturnType<typeof JSON.parse>;

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: Json;
}

/**
 * A Coder with the owner `admin`, whose imports and builds end only when the test moves the clock.
 * Each answer is checked against Coder's types when these are at hand.
 */
export async function setUp(options: Partial<CoderV2Options> = {}) {
  const secrets = createSecrets();
  const clock = createMovableClock();
  const coder = await startCoderV2({
    secrets,
    clock,
    ...options,
    switches: { acquireMs: MINUTE_MS, importMs: MINUTE_MS, buildMs: MINUTE_MS, ...options.switches },
  });
  onTestFinished(() => coder.close());
  const { people, controls } = coder;
  people.add({ username: 'admin', roles: ['owner'] });
  const owner = people.token('admin');

  async function request(method: string, path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(coder.url + path, { method, ...init });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }
  /** A call of the API, as the owner unless another token is given. */
  async function call(method: string, path: string, body?: unknown, token = owner): Promise<Answer> {
    const isArchive = Buffer.isBuffer(body);
    const answer = await request(method, `/api/v2${path}`, {
      headers: {
        'coder-session-token': token,
        'content-type': isArchive ? 'application/x-tar' : 'application/json',
      },
      ...(body !== undefined && { body: isArchive ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const fault = checkAnswer?.(method, path, answer.status, answer.json);
    if (fault !== undefined) throw new Error(fault);
    return answer;
  }
  /** Steers the stand-in from outside. */
  const steer = (name: string, body: unknown) =>
    request('POST', `/_stand-in/${name}`, { body: JSON.stringify(body) });

  /** Lets all imports and builds that are under way end: they are acquired first. */
  function settle(): void {
    controls.advance(MINUTE_MS);
    controls.advance(MINUTE_MS);
  }

  async function upload(files: Record<string, string>, token = owner): Promise<string> {
    return (await call('POST', '/files', tarOfFiles(files), token)).json.hash;
  }
  function createVersion(body: object, token = owner): Promise<Answer> {
    const standard = { storage_method: 'file', provisioner: 'terraform', tags: {} };
    return call('POST', '/organizations/default/templateversions', { ...standard, ...body }, token);
  }
  /** A version whose import has ended. */
  async function imported(body: object, token = owner): Promise<Json> {
    const { status, json, text } = await createVersion(body, token);
    if (status !== 201) throw new Error(text);
    settle();
    return (await call('GET', `/templateversions/${json.id}`)).json;
  }
  /** A template made by hand, with its first version and the file of that. */
  async function newTemplate(files = sampleFiles(), values: Record<string, string> = {}) {
    const fileId = await upload(files);
    const first = await imported({ file_id: fileId, user_variable_values: pairs(values) });
    const { json } = await call('POST', '/organizations/default/templates', {
      name: `t-${crypto.randomUUID().slice(0, 8)}`,
      template_version_id: first.id,
    });
    return { template: json, fileId, first };
  }
  const promote = (templateId: string, id: string, token = owner) =>
    call('PATCH', `/templates/${templateId}/versions`, { id }, token);

  /** What a version really holds, the sensitive values too. */
  const valuesOf = (id: string): Record<string, string> => {
    const version = coder.state().versions.find(candidate => candidate.id === id);
    return Object.fromEntries((version?.variables ?? []).map(({ name, value }) => [name, value]));
  };
  return {
    ...{ coder, clock, secrets, people, controls, owner, request, call, steer, settle },
    ...{ upload, createVersion, imported, newTemplate, promote, valuesOf },
  };
}

export function pairs(values: Record<string, string>): { name: string; value: string }[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
