import http from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import { addSampleRegistry } from '../../infra/local/sample.ts';
import { type App, startApp } from '../support/app.ts';
import { HTTP_FUNCTIONS } from '../support/http-functions.ts';

let app: App;

beforeAll(async () => {
  app = await startApp({ subscribed: false });
  await addSampleRegistry(app.environment);
  await app.push('team/app:v1', image());
  await app.api('POST', 'images', { registry: 'contoso', repository: 'team/app', tag: 'v1' });
});
beforeEach(() => addSampleRegistry(app.environment));
afterAll(() => app.close());

const AWKWARD = [
  ...[
    '..',
    '.',
    '%2f',
    '%2F..%2F',
    '%00',
    '%',
    '%zz',
    '|',
    'a|b',
    '!',
    '!2026!a:b',
    '@registry',
    ':',
    'a:b:c',
  ],
  ...[
    '',
    ' ',
    'null',
    'undefined',
    'contoso',
    'CONTOSO',
    'team/app:v1',
    'team/app',
    "' or 1 eq 1 or '",
    'ü',
    '😀',
  ],
  ...[
    'a'.repeat(300),
    `a${'/a'.repeat(200)}:v1`,
    '-1',
    '1e309',
    '0',
    'true',
    '__proto__',
    'constructor',
    '{}',
    '[]',
  ],
];
const text = fc.oneof(fc.constantFrom(...AWKWARD), fc.string({ unit: 'binary', maxLength: 40 }));
const value = fc.oneof(
  text,
  fc.constantFrom(null, true, -1, 0, 1e308, 2 ** 53, {}, [], 'contoso', 'team/app', 'v1'),
  fc.jsonValue({ maxDepth: 3 }),
);
const FIELDS = [
  ...['registry', 'newRegistry', 'repository', 'tag', 'cpuCores', 'memoryGb', 'description', 'sourceRepoUrl'],
  ...['reason', 'resourceId', 'credential', 'policy', 'organizationId', 'suspended', '__proto__', 'extra'],
];
const object = fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 6 });
const body = fc.oneof(
  object.map(fields => JSON.stringify(fields)),
  // The same field twice.
  fc.tuple(object, object).map(([a, b]) => `${JSON.stringify(a).slice(0, -1)},${JSON.stringify(b).slice(1)}`),
  fc.json(),
  text,
  fc.constantFrom(`"${'x'.repeat(1 << 20)}"`, '['.repeat(50_000), '{"registry":'),
);
const request = fc.record({
  name: fc.constantFrom(...HTTP_FUNCTIONS.keys()),
  params: fc.array(fc.oneof(text, fc.constant('contoso')), { minLength: 3, maxLength: 3 }),
  encoded: fc.boolean(),
  query: fc.dictionary(
    fc.constantFrom('limit', 'continuationToken', 'registry', 'state', 'dryRun', 'minutes', 'format', 'x'),
    text,
    { maxKeys: 2 },
  ),
  contentType: fc.constantFrom(
    'application/json',
    'application/json',
    'text/plain',
    'application/json; charset=x',
    '',
  ),
  ifMatch: fc.option(text, { nil: undefined }),
  body,
});

interface Asked {
  name: string;
  params: string[];
  encoded: boolean;
  query: Record<string, string>;
  contentType: string;
  ifMatch: string | undefined;
  body: string;
}

/** As it is: neither `fetch` nor a URL keeps a path such as `/a/../b`. */
function send({ name, params, encoded, query, contentType, ifMatch, body: sent }: Asked) {
  const { method, route } = HTTP_FUNCTIONS.get(name) as { method: string; route: string };
  const rest = [...params];
  const path = route.replace(/\{[^}]*\}/g, () => {
    const param = rest.shift() as string;
    // A path of HTTP holds visible ASCII, and neither ? nor #.
    return encoded ? encodeURIComponent(Buffer.from(param).toString()) : param.replace(/[^!-~]|[?#]/g, '');
  });
  const search = new URLSearchParams(query).toString();
  const hasBody = method !== 'GET' && method !== 'DELETE';
  return new Promise<{ status: number; type: string; text: string }>((resolve, reject) => {
    const headers = {
      'x-functions-key': app.environment.keys.host,
      ...(contentType && { 'content-type': contentType }),
      ...(ifMatch !== undefined && { 'if-match': ifMatch.replace(/[^ -~]/g, '') }),
      ...(hasBody && { 'content-length': Buffer.byteLength(sent) }),
    };
    const call = http.request(
      app.environment.host.url,
      { method, path: `/api/${path}?${search}`, headers },
      answer => {
        const chunks: Buffer[] = [];
        answer.on('data', chunk => chunks.push(chunk));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            type: answer.headers['content-type'] ?? '',
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    call.on('error', reject);
    call.end(hasBody ? sent : undefined);
  });
}

/** What a refused call must not change. A run of a reconciliation that an earlier call began may still report. */
async function everything(): Promise<string> {
  const { coder, tables, keyVault } = app.environment.cloud.standIns;
  const { images = [], registries } = await tables.dump();
  const rows = images.filter(row => (row as { kind: string }).kind !== 'reconciliation');
  return JSON.stringify([coder.state(), rows, registries, keyVault.values()]);
}

test('no input makes a route fail or reveal internals, and a refusal changes nothing', async () => {
  const statuses: Record<number, number> = {};
  let before = await everything();
  await fc.assert(
    fc.asyncProperty(request, async asked => {
      const { status, type, text: answer } = await send(asked);
      const after = await everything();

      statuses[status] = (statuses[status] ?? 0) + 1;
      expect(status).toBeLessThan(500);
      expect(answer).not.toMatch(/\.(ts|js|cjs):\d+|node_modules|\bat [\w.]+ \(/);
      if (status >= 400 && answer !== '') {
        expect(type).toBe('application/problem+json');
        expect(JSON.parse(answer)).toMatchObject({
          status,
          reason: expect.any(String),
          detail: expect.any(String),
        });
      }
      if (status >= 300) expect(after).toBe(before);
      before = after;
    }),
    { numRuns: Number(process.env.FUZZ ?? 100) },
  );
  console.log(`fuzz: answers by status ${JSON.stringify(statuses)}`);
}, 600_000);

describe('names', () => {
  const repository = fc.stringMatching(
    /^[a-z0-9]{1,8}([._]|__|-{1,3})?[a-z0-9]{1,8}(\/[a-z0-9]{1,4}([._]|__|-)[a-z0-9]{1,4}){0,3}$/,
  );
  const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);

  test('that OCI allows come back from every route as they went in', async () => {
    await fc.assert(
      fc.asyncProperty(repository, tag, async (repository_, tag_) => {
        const named = { repository: repository_, tag: tag_ };
        await app.push(`${repository_}:${tag_}`, image());
        const post = async (path: string) => {
          const { status, text: answer } = await app.api('POST', path, { registry: 'contoso', ...named });
          return { status, ...JSON.parse(answer) };
        };

        expect(await post('images?dryRun=true')).toMatchObject({ status: 200, ...named });
        expect([200, 201]).toContain((await post('images')).status);
        expect(await app.record(`${repository_}:${tag_}`)).toMatchObject({ state: 'imported', ...named });
        expect(await post('images/replay')).toMatchObject({ status: 200, ...named });
        const { items } = JSON.parse((await app.api('GET', 'images?registry=contoso&limit=1000')).text);
        expect(items).toContainEqual(expect.objectContaining(named));
        const newest = JSON.parse((await app.api('GET', `images/contoso/${repository_}`)).text);
        expect(newest).toMatchObject({ repository: repository_ });
      }),
      { numRuns: 8 },
    );
  });

  test.each([
    ...[
      'UPPER:v1',
      'a//b:v1',
      '/a:v1',
      'a/:v1',
      'a..b:v1',
      '-a:v1',
      'a_:v1',
      'a:',
      'a:.v1',
      'a:-v1',
      `a:${'v'.repeat(129)}`,
    ],
    ...['a|b:v1', 'a:v1|', '!a:v1', '@registry', 'ü:v1', `${'a'.repeat(256)}:v1`],
  ])('that OCI forbids are refused: %s', async reference => {
    const [repository_ = '', tag_ = ''] = reference.split(':');
    const answer = await app.api('POST', 'images', {
      registry: 'contoso',
      repository: repository_,
      tag: tag_,
    });

    expect(answer.status).toBe(400);
    expect((await app.api('GET', `images/contoso/${encodeURIComponent(reference)}`)).status).toBe(400);
  });
});
