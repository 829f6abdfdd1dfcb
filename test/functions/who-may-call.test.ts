import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import '../../functions/index.ts';
import { HTTP_FUNCTIONS } from '../../shared/api/http-function.ts';
import { INFO } from '../../shared/api/openapi/info.ts';
import { ROLES, type Role } from '../../shared/api/roles.ts';
import { type Answer, type App, startApp } from '../support/app.ts';
import { principal } from '../support/principal.ts';

const EVERY_ROLE = Object.keys(ROLES) as Role[];

/** Every call of the API, about a registry that does not exist. */
const CALLS = [...HTTP_FUNCTIONS].map(([name, { method, route, role }]) => {
  const path = `/api/${route.replace(/\{[^}]+\}/g, 'unknown')}`;
  return { name, method, path, role };
});
type Call = (typeof CALLS)[number];
const OPEN = CALLS.filter(({ role }) => !role);
const GUARDED = CALLS.flatMap(call => (call.role ? [{ ...call, role: call.role }] : []));

const forged = () => ({ 'x-ms-client-principal': principal(EVERY_ROLE) });

function send(app: App, { method, path }: Call, headers: Record<string, string>): Promise<Answer> {
  return app.request(path, { method, headers });
}

/** What each call that needs no role answers to every caller. */
const OPENLY: Record<string, object> = {
  console: { status: 200, text: expect.stringContaining('<!doctype html>') },
  health: { status: 200, text: JSON.stringify({ status: 'ok', version: INFO.version }) },
};

const statusOf = async (answer: Promise<Answer>) => (await answer).status;

test('only health and the console, which reveals nothing, need no role, and each role allows some call', () => {
  expect(OPEN.map(({ name }) => name)).toEqual(['console', 'health']);
  expect(new Set(GUARDED.map(({ role }) => role))).toEqual(new Set(EVERY_ROLE));
});

describe('with function keys', () => {
  let app: App;
  const keys = new Map<string, string>();
  beforeAll(async () => {
    app = await startApp({ subscribed: false });
    for (const { name } of CALLS) keys.set(name, await app.environment.functionKey(name));
  });
  afterAll(() => app.close());

  const own = ({ name }: Call) => keys.get(name) as string;
  const anothers = ({ name }: Call) => own(CALLS.find(call => call.name !== name) as Call);

  test.each(OPEN)('$name needs no authentication', async call => {
    const answer = OPENLY[call.name] as object;
    expect(await send(app, call, {})).toMatchObject(answer);
    expect(await send(app, call, { 'x-functions-key': 'wrong' })).toMatchObject(answer);
  });

  test.each(GUARDED)('$name takes its own key and those of the host, and no other', async call => {
    const { host, master } = app.environment.keys;
    const key = (value: string) => ({ 'x-functions-key': value });

    const closed: [string, Record<string, string>][] = [
      ['no key', {}],
      ['an empty key', key('')],
      ['a wrong key', key('wrong')],
      ["another function's key", key(anothers(call))],
      ['the key of the webhook', key(app.environment.keys.eventGrid)],
      ['a forged principal', forged()],
      ['a forged principal with a wrong key', { ...forged(), ...key('wrong') }],
    ];
    for (const [who, headers] of closed) {
      const { status, text } = await send(app, call, headers);
      expect([who, status, text]).toEqual([who, 401, '']);
    }
    const opened: [string, Promise<Answer>][] = [
      ['its own key', send(app, call, key(own(call)))],
      ['its own key in the query', send(app, { ...call, path: `${call.path}?code=${own(call)}` }, {})],
      ['the host key', send(app, call, key(host))],
      ['the master key', send(app, call, key(master))],
    ];
    for (const [who, answer] of opened) {
      expect([who, [401, 403].includes(await statusOf(answer))]).toEqual([who, false]);
    }
  });

  test.each(unroutable())('%s %s is not found, whatever the key', async (method, path) => {
    for (const headers of [{}, { 'x-functions-key': app.environment.keys.host }]) {
      expect(await app.request(path, { method, headers })).toMatchObject({ status: 404, text: '' });
    }
  });
});

describe('where the platform signs callers in', () => {
  let app: App;
  beforeAll(async () => {
    app = await startApp({ subscribed: false, settings: { WEBSITE_AUTH_ENABLED: 'True' } });
  });
  afterAll(() => app.close());

  test.each(OPEN)('$name needs no authentication', async call => {
    expect(await send(app, call, {})).toMatchObject(OPENLY[call.name] as object);
  });

  test.each(GUARDED)('$name takes the role $role, and nothing else', async call => {
    const strangers: [string, Record<string, string>][] = [
      ['no principal', {}],
      ['a principal that is malformed', { 'x-ms-client-principal': 'bm90IEpTT04=' }],
      ['the host key', { 'x-functions-key': app.environment.keys.host }],
      [
        'a user of another provider',
        { 'x-ms-client-principal': principal([call.role], { auth_typ: 'github' }) },
      ],
    ];
    for (const [who, headers] of strangers) {
      const answer = await send(app, call, headers);
      expect([who, problemOf(answer)]).toMatchObject([who, { status: 401, reason: 'unauthenticated' }]);
    }

    const others = EVERY_ROLE.filter(role => role !== call.role);
    for (const roles of [[], ...others.map(role => [role]), others]) {
      const answer = await send(app, call, { 'x-ms-client-principal': principal(roles) });
      expect(problemOf(answer)).toMatchObject({ status: 403, reason: 'forbidden' });
      expect(problemOf(answer).detail).toContain(call.role);
    }

    const letIn = await send(app, call, { 'x-ms-client-principal': principal([call.role]) });
    expect([401, 403]).not.toContain(letIn.status);
  });

  test('an import that adds a registry takes the role for that too', async () => {
    const newRegistry = { name: 'new', loginServer: 'new.azurecr.io', credential: { kind: 'token' } };
    const body = JSON.stringify({ newRegistry, repository: 'team/app', tag: 'v1' });
    const ask = (query: string, roles: readonly Role[]) =>
      app.request(`/api/images${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-ms-client-principal': principal(roles) },
        body,
      });

    for (const query of ['', '?dryRun=true']) {
      const answer = await ask(query, ['Images.Import']);
      expect(problemOf(answer)).toMatchObject({ status: 403, reason: 'forbidden' });
      expect(problemOf(answer).detail).toContain('Registries.Write');
    }
    expect((await ask('', ['Images.Import', 'Registries.Write'])).status).toBe(422);
  });

  test.each(unroutable())('%s %s is not found, whatever the caller', async (method, path) => {
    expect(await app.request(path, { method, headers: forged() })).toMatchObject({ status: 404, text: '' });
  });

  test('the webhook of Event Grid goes on asking for its key, and for no principal', async () => {
    const path = '/runtime/webhooks/EventGrid?functionName=registry-event';

    expect(await app.request(path, { method: 'POST', headers: forged() })).toMatchObject({ status: 401 });
    expect(await app.deliver('[]')).toBe(202);
  });
});

/** Requests that no function answers: an unknown path, and each known one with a method that none there has. */
function unroutable(): [method: string, path: string][] {
  return [
    ['GET', '/api'],
    ['GET', '/api/unknown'],
    ['GET', '/registries'],
    ...new Set(CALLS.map(({ path }) => path)),
  ].map(entry => (typeof entry === 'string' ? ['PATCH', entry] : (entry as [string, string])));
}

function problemOf({ contentType, text }: Answer): { status?: number; reason?: string; detail?: string } {
  return contentType === 'application/problem+json' ? JSON.parse(text) : {};
}
