import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../../../../infra/local/oci-image.ts';
import {
  ADMIN,
  accessToken,
  basic,
  NULL_GUID,
  PULL_TOKEN,
  startTestRegistry,
  type TestRegistry,
  tokenQuery,
} from './fixture.ts';

let fixture: TestRegistry;
let loginServer: string;

beforeAll(async () => {
  fixture = await startTestRegistry();
  loginServer = fixture.registry.loginServer;
  await fixture.push('team/app', image(), 'v1');
});
afterAll(() => fixture.registry.close());

function post(path: string, form: Record<string, string>): Promise<Response> {
  const body = new URLSearchParams({ service: loginServer, ...form });
  return fixture.call(path, { method: 'POST', body, authorization: 'none' });
}

async function refreshToken(oid: string): Promise<string> {
  const form = { grant_type: 'access_token', access_token: await fixture.entraToken(oid) };
  const answer = (await (await post('/oauth2/exchange', form)).json()) as { refresh_token: string };
  return answer.refresh_token;
}

describe('the challenge', () => {
  test.each([
    ['GET', '/v2/', undefined],
    ['GET', '/v2/_catalog', 'registry:catalog:*'],
    ['GET', '/v2/team/app/manifests/v1', 'repository:team/app:pull'],
    ['GET', '/v2/team%2Fapp/manifests/v1', 'repository:team/app:pull'],
    ['POST', '/v2/team/app/blobs/uploads/', 'repository:team/app:pull,push'],
    ['PUT', '/v2/team/app/manifests/v1', 'repository:team/app:pull,push'],
    ['DELETE', '/v2/team/app/manifests/sha256:00', 'repository:team/app:delete'],
    ['GET', '/v2/team/app/tags/list', 'repository:team/app:metadata_read'],
    ['GET', '/acr/v1/_catalog', 'registry:catalog:*'],
    ['GET', '/acr/v1/team%2Fapp/_tags', 'repository:team/app:metadata_read'],
    ['GET', '/acr/v1/team%2Fapp/_manifests', 'repository:team/app:metadata_read'],
    ['DELETE', '/acr/v1/team%2Fapp', 'repository:team/app:delete'],
  ])('of %s %s names the scope %s', async (method, path, scope) => {
    const answer = await fixture.call(path, { method, authorization: 'none' });

    const realm = `Bearer realm="https://${loginServer}/oauth2/token",service="${loginServer}"`;
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(scope ? `${realm},scope="${scope}"` : realm);
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'UNAUTHORIZED' }] });
  });

  test('tells a token that allows too little from one that is no good', async () => {
    const token = await accessToken(fixture, PULL_TOKEN, 'repository:team/app:pull');
    const denied = await fixture.call('/v2/team/app/tags/list', { authorization: `Bearer ${token}` });
    const invalid = await fixture.call('/v2/team/app/tags/list', { authorization: 'Bearer nonsense' });

    expect(denied.headers.get('www-authenticate')).toContain(',error="insufficient_scope"');
    expect(invalid.headers.get('www-authenticate')).toContain(',error="invalid_token"');
    expect(await denied.json()).toMatchObject({
      errors: [{ detail: [{ Type: 'repository', Name: 'team/app', Action: 'metadata_read' }] }],
    });
  });
});

describe('Basic directly on /v2', () => {
  test.each([
    ['the administrator', ADMIN, 200],
    ['a scope-map token', PULL_TOKEN, 401],
    ['a wrong password', { ...ADMIN, password: 'wrong' }, 401],
  ])('with %s answers %3$i', async (_, { username, password }, status) => {
    const answer = await fixture.call('/v2/', { authorization: basic(username, password) });

    expect(answer.status).toBe(status);
    expect(answer.headers.get('www-authenticate')).toBe(
      status === 200 ? null : 'Basic realm="Azure Container Registry"',
    );
  });
});

describe('/oauth2/exchange', () => {
  test('takes the audiences of ACR and ARM, for a refresh token of three hours', async () => {
    for (const aud of ['https://containerregistry.azure.net', 'https://management.azure.com/']) {
      const form = { grant_type: 'access_token', access_token: await fixture.entraToken('puller', aud) };
      const answer = await post('/oauth2/exchange', form);
      const { refresh_token } = (await answer.json()) as { refresh_token: string };
      const { exp = 0, iat = 0 } = decodeJwt(refresh_token);
      expect(exp - iat).toBe(3 * 3_600);
    }
  });

  test.each([
    ['another audience', { aud: 'https://vault.azure.net' }, 401],
    ['a token that Entra did not issue', { access_token: 'nonsense' }, 401],
    ['a deprecated grant type', { grant_type: 'refresh_token' }, 400],
    ['the name of another registry', { service: 'other.azurecr.io' }, 400],
  ])('refuses %s', async (_, { aud, ...form }: Record<string, string>, status) => {
    const token = await fixture.entraToken('puller', aud);
    const answer = await post('/oauth2/exchange', {
      grant_type: 'access_token',
      access_token: token,
      ...form,
    });
    expect(answer.status).toBe(status);
  });

  test('is not found by GET', async () => {
    expect((await fixture.call('/oauth2/exchange')).status).toBe(404);
  });
});

describe('/oauth2/token', () => {
  const ask = 'repository:team/app:pull,push';

  async function granted(answer: Response): Promise<unknown> {
    const { access_token } = (await answer.json()) as { access_token: string };
    return decodeJwt(access_token).access;
  }

  test.each([
    ['a password gives what its user may', { ...PULL_TOKEN }, [ask], [['repository', 'team/app', 'pull']]],
    [
      'several scopes can be asked for, repeated or in one',
      { ...ADMIN },
      ['registry:catalog:*', 'repository:a:delete repository:b:*'],
      [
        ['registry', 'catalog', '*'],
        ['repository', 'a', 'delete'],
        ['repository', 'b', 'pull,push,delete,metadata_read,metadata_write'],
      ],
    ],
    ['a scope that is not granted is left out', { ...PULL_TOKEN }, ['registry:catalog:*'], []],
    ['no scope just checks the password', { ...PULL_TOKEN }, [], []],
  ])('by GET with Basic: %s', async (_, { username, password }, scopes, expected) => {
    const path = `/oauth2/token?${tokenQuery(fixture.registry, scopes)}`;
    const answer = await fixture.call(path, { authorization: basic(username, password) });

    const access = expected.map(([type, name, actions = '']) => ({
      type,
      name,
      actions: actions.split(','),
    }));
    expect(await granted(answer)).toEqual(access);
  });

  test('by GET takes a refresh or an access token as the password of the null GUID', async () => {
    const fromRefresh = { username: NULL_GUID, password: await refreshToken('puller') };
    const access = await accessToken(fixture, fromRefresh, 'repository:team/app:pull');
    const narrowed = await accessToken(
      fixture,
      { username: NULL_GUID, password: access },
      'repository:team/app:pull,metadata_read',
      'repository:other:pull',
    );

    const expected = [{ type: 'repository', name: 'team/app', actions: ['pull'] }];
    expect(decodeJwt(access).access).toEqual(expected);
    expect(decodeJwt(narrowed).access).toEqual(expected);
  });

  test('by POST takes a refresh token or a password, and the token opens what it names', async () => {
    const refresh = { grant_type: 'refresh_token', refresh_token: await refreshToken('puller') };
    const password = { grant_type: 'password', username: PULL_TOKEN.username, password: PULL_TOKEN.password };
    for (const form of [refresh, password]) {
      const answer = await post('/oauth2/token', { ...form, scope: ask });
      const { access_token } = (await answer.json()) as { access_token: string };
      const accept = 'application/vnd.oci.image.manifest.v1+json';
      const init = { headers: { accept }, authorization: `Bearer ${access_token}` };
      expect((await fixture.call('/v2/team/app/manifests/v1', init)).status).toBe(200);
      expect((await fixture.call('/v2/other/manifests/v1', init)).status).toBe(401);
    }
  });

  test.each([
    ['no username', { grant_type: 'password', refresh_token: '' }, 401],
    ['a wrong password', { grant_type: 'password', username: 'demo', password: 'wrong' }, 401],
    ['an Entra token for a refresh token', { grant_type: 'refresh_token', refresh_token: 'entra' }, 401],
    ['another grant type', { grant_type: 'authorization_code' }, 400],
  ])('by POST refuses %s', async (_, form, status) => {
    expect((await post('/oauth2/token', { ...form, scope: ask })).status).toBe(status);
  });

  test('gives an identity without rights tokens that allow nothing', async () => {
    const form = { grant_type: 'refresh_token', refresh_token: await refreshToken('stranger'), scope: ask };
    expect(await granted(await post('/oauth2/token', form))).toEqual([]);
  });

  test('sees at once that a password was replaced', async () => {
    const old = { ...PULL_TOKEN, username: 'rotated', password: 'old' };
    fixture.users.push(old);
    const path = `/oauth2/token?${tokenQuery(fixture.registry, [])}`;
    const status = async (password: string) =>
      (await fixture.call(path, { authorization: basic('rotated', password) })).status;

    expect(await status('old')).toBe(200);
    fixture.users.splice(fixture.users.indexOf(old), 1, { ...old, password: 'new' });
    expect(await status('old')).toBe(401);
    expect(await status('new')).toBe(200);
  });

  test('takes an ACR refresh token as the password of the null GUID until it ends', async () => {
    const token = await refreshToken('puller');
    const path = `/oauth2/token?${tokenQuery(fixture.registry, [ask])}`;
    const status = async () => (await fixture.call(path, { authorization: basic(NULL_GUID, token) })).status;
    const start = fixture.clock.now;
    const end = (decodeJwt(token).exp ?? 0) * 1_000;

    fixture.clock.now = new Date(end - 1_000);
    expect(await status()).toBe(200);
    fixture.clock.now = new Date(end);
    expect(await status()).toBe(401);
    fixture.clock.now = start;
  });

  test('gives tokens that end after 75 minutes, and remembers each as a secret', async () => {
    const token = await accessToken(fixture, ADMIN, 'repository:team/app:metadata_read');
    const status = async () =>
      (await fixture.call('/v2/team/app/tags/list', { authorization: `Bearer ${token}` })).status;
    const start = fixture.clock.now;

    expect(fixture.secrets.all()).toContain(token);
    fixture.clock.now = new Date(start.getTime() + 74 * 60_000);
    expect(await status()).toBe(200);
    fixture.clock.now = new Date(start.getTime() + 76 * 60_000);
    expect(await status()).toBe(401);
    fixture.clock.now = start;
  });
});

describe('accounts that Azure manages', () => {
  const credentials = { username: 'managed', password: 'of-azure' };

  afterEach(() => {
    fixture.azure.findAccount = () => undefined;
  });

  test.each([
    ['admin', 200],
    ['token', 401],
  ] as const)(
    'of the kind %s are asked for on each request, and as Basic answer %i',
    async (kind, status) => {
      const asked: string[] = [];
      fixture.azure.findAccount = (username, password) => {
        asked.push(username);
        return username === credentials.username && password === credentials.password
          ? { kind, actions: ['pull'] }
          : undefined;
      };
      const scope = 'repository:team/app:pull,push';
      const token = await accessToken(fixture, credentials, scope);
      const answer = await fixture.call('/v2/', { authorization: basic('managed', 'of-azure') });

      expect(decodeJwt(token).access).toEqual([{ type: 'repository', name: 'team/app', actions: ['pull'] }]);
      expect(answer.status).toBe(status);
      expect(asked).toEqual(['managed', 'managed']);
    },
  );

  test('may do in each repository what they say', async () => {
    const actions = ({ name }: { name: string }) => (name === 'team/app' ? ['pull'] : []);
    fixture.azure.findAccount = () => ({ kind: 'token', actions });
    const token = await accessToken(
      fixture,
      credentials,
      'repository:team/app:pull,push',
      'repository:b:pull',
    );

    expect(decodeJwt(token).access).toEqual([{ type: 'repository', name: 'team/app', actions: ['pull'] }]);
  });
});

test('once all logins were ended, no token from before counts', async () => {
  const refresh = { username: NULL_GUID, password: await refreshToken('puller') };
  const access = await accessToken(fixture, refresh, 'repository:team/app:metadata_read');
  const statuses = async () => [
    (await fixture.call('/v2/team/app/tags/list', { authorization: `Bearer ${access}` })).status,
    (
      await fixture.call(`/oauth2/token?${tokenQuery(fixture.registry, [])}`, {
        authorization: basic(refresh.username, refresh.password),
      })
    ).status,
  ];

  expect(await statuses()).toEqual([200, 200]);
  fixture.azure.loginsEnded += 1;
  expect(await statuses()).toEqual([401, 401]);
  refresh.password = await refreshToken('puller');
  expect((await statuses())[1]).toBe(200);
});
