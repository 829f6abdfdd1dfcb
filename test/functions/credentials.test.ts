import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addSampleRegistry } from '../../infra/local/sample.ts';
import { toMarkdown } from '../../shared/guide/markdown.ts';
import { SetupGuide } from '../../shared/guide/schema.ts';
import { type App, startApp } from '../support/app.ts';
import { shownIn } from '../support/shown-secrets.ts';

let app: App;

beforeAll(async () => {
  app = await startApp({ registries: ['fabrikam', 'adatum'] });
  await addSampleRegistry(app.environment);
  const [fabrikam] = app.environment.cloud.otherRegistries;
  const declared = { resourceId: fabrikam?.resourceId, credential: { kind: 'managed-identity' } };
  expect((await app.api('PUT', 'registries/fabrikam', declared)).status).toBe(201);
});
afterAll(() => app.close());
afterEach(() => app.clearFaults());

async function get(path: string, headers: Record<string, string> = {}) {
  const { host, keys } = app.environment;
  const response = await fetch(`${host.url}/api/registries/${path}`, {
    headers: { 'x-functions-key': keys.host, ...headers },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Logs in as docker does, and gives the status of the answer. */
async function logIn(authorization: string): Promise<number> {
  const { url, loginServer } = app.environment.cloud.standIns.registry;
  const query = new URLSearchParams({ service: loginServer });
  return (await fetch(`${url}/oauth2/token?${query}`, { headers: { authorization } })).status;
}

const secretsIn = (text: string) => shownIn(text, app.environment.cloud.secrets.all());

describe('GET /registries/{name}/credentials', () => {
  test('gives what docker login takes', async () => {
    const { loginServer } = app.environment.cloud.standIns.registry;
    const { puller } = app.environment.cloud.registry;

    const { status, headers, text } = await get('contoso/credentials');

    const { username, password } = puller;
    expect(JSON.parse(text)).toEqual({ loginServer, username, password });
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await logIn(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`)).toBe(200);
  });

  test('gives the content of a Kubernetes secret, which logs in without changes', async () => {
    const { loginServer } = app.environment.cloud.standIns.registry;
    const { username, password } = app.environment.cloud.registry.puller;

    const { status, headers, text } = await get('contoso/credentials?format=dockerconfigjson');

    const config = JSON.parse(text);
    expect(config).toEqual({ auths: { [loginServer]: { username, password, auth: expect.any(String) } } });
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(await logIn(`Basic ${config.auths[loginServer].auth}`)).toBe(200);
  });

  test('says until when the credential serves: until it ends, or the bridge has replaced it', async () => {
    expect((await get('contoso/credentials?format=dockerconfigjson')).headers.get('expires')).toBeNull();
    const [, adatum] = app.environment.cloud.otherRegistries;
    const credential = { kind: 'token', rotateEveryHours: 10, graceMinutes: 30 };
    const declared = { resourceId: adatum?.resourceId, credential };
    expect((await app.api('PUT', 'registries/adatum', declared)).status).toBe(201);

    const docker = await get('adatum/credentials?format=dockerconfigjson');
    const login = JSON.parse((await get('adatum/credentials')).text);

    const { rotation } = JSON.parse((await get('adatum')).text);
    const until = new Date(rotation.issuedOn).getTime() + 10.5 * 3_600_000;
    expect(until).toBeLessThan(new Date(rotation.expiresOn).getTime());
    expect(new Date(login.expiresOn).getTime()).toBe(until);
    expect(docker.headers.get('expires')).toBe(new Date(until).toUTCString());
    expect(docker.headers.get('cache-control')).toBe('no-store');
  });

  test('logs who read what, and never the value', async () => {
    const before = app.logs.length;
    await get('contoso/credentials?format=dockerconfigjson');

    const entry = { text: 'credential read', registry: 'contoso', format: 'dockerconfigjson' };
    const { username } = app.environment.cloud.registry.puller;
    const line = JSON.stringify({ ...entry, username, caller: { kind: 'function-key' } });
    await expect.poll(() => app.logs.slice(before).join('\n')).toContain(line);
    expect(secretsIn(app.logs.join('\n'))).toEqual([]);
  });

  test.each([
    [
      'an identity of its own has none',
      'fabrikam/credentials',
      409,
      'no-credential-to-give',
      /identity of its own.*setup/,
    ],
    ['an unknown registry', 'unknown/credentials', 404, 'not-found', /unknown/],
    ['an unknown format', 'contoso/credentials?format=yaml', 400, 'invalid-request', /every fault/],
    ['a name that is none', 'CONTOSO/credentials', 400, 'invalid-request', /every fault/],
  ])('%s: refused, with the reason, and not cached', async (_, path, status, reason, detail) => {
    const answer = await get(path);

    const problem = JSON.parse(answer.text);
    expect(problem).toMatchObject({ status, reason });
    expect(problem.detail).toMatch(detail);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(secretsIn(answer.text)).toEqual([]);
  });

  test('without Key Vault there is none for the moment', async () => {
    app.environment.cloud.standIns.keyVault.faults.add({ status: 403 });

    const answer = await get('contoso/credentials');

    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toMatchObject({
      reason: 'secrets-forbidden',
      remedy: expect.stringContaining("az role assignment create --role 'Key Vault Secrets Officer'"),
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe('GET /registries/{name}/setup', () => {
  test.each(['contoso', 'fabrikam'])('is the same guide to %s as data and as a document', async name => {
    const { resourceId } = JSON.parse((await get(name)).text);
    const json = await get(`${name}/setup`);
    const markdown = await get(`${name}/setup`, { accept: 'text/markdown' });

    const guide = SetupGuide.parse(JSON.parse(json.text));
    expect(guide.registry).toBe(name);
    expect(json.headers.get('content-type')).toMatch(/^application\/json/);
    expect(markdown.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(markdown.text).toBe(toMarkdown(guide));
    expect(markdown.text).toContain(`--scope ${resourceId}`);
    expect(markdown.text).toContain(`${app.environment.host.url}/api/registries/${name}/reconcile`);
    expect(markdown.text).toContain(app.environment.cloud.appSettings.AZURE_CLIENT_ID);
  });

  test.each([
    ['', undefined, 'application/json'],
    ['', '*/*', 'application/json'],
    ['', 'application/json, text/markdown', 'application/json'],
    ['', 'text/html, Text/Markdown;charset=utf-8', 'text/markdown'],
    ['', 'application/json;q=0.5, text/markdown;q=0.9', 'text/markdown'],
    ['', 'text/markdown;q=0', 'application/json'],
    ['?format=markdown', 'application/json', 'text/markdown'],
    ['?format=json', 'text/markdown', 'application/json'],
  ])('with %s and the header Accept: %s it is %s', async (query, accept, type) => {
    const { headers } = await get(`contoso/setup${query}`, accept === undefined ? {} : { accept });

    expect(headers.get('content-type')).toMatch(new RegExp(`^${type}`));
    expect(headers.get('vary')).toBe('accept');
  });

  test('an unknown format is refused', async () => {
    const problem = JSON.parse((await get('contoso/setup?format=html')).text);

    expect(problem).toMatchObject({ status: 400, reason: 'invalid-request' });
  });

  test('no secret that was ever issued is in a guide or a log, after credentials were read too', async () => {
    await get('contoso/credentials');
    await get('contoso/credentials?format=dockerconfigjson');
    const paths = ['contoso', 'fabrikam'].flatMap(name => [`${name}/setup`, `${name}/setup?format=markdown`]);
    const texts = await Promise.all(paths.map(async path => (await get(path)).text));

    expect(app.environment.cloud.secrets.all().length).toBeGreaterThan(5);
    for (const text of [...texts, app.logs.join('\n')]) {
      expect(text.length).toBeGreaterThan(100);
      expect(secretsIn(text)).toEqual([]);
    }
  });
});
