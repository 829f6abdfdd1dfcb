import { expect, test } from 'vitest';
import { setUp } from './setup.ts';

const DAY_NS = 24 * 3600 * 1e9;
const DAY_MS = 86_400_000;

test('a token ends on the day that was fixed when it was made, however much it is used', async () => {
  const { call, controls, people } = await setUp();
  people.add({ username: 'bridge' });
  const made = await call(
    'POST',
    '/users/me/keys/tokens',
    { token_name: 'one', lifetime: 2 * DAY_NS },
    people.token('bridge'),
  );
  const token = made.json.key;
  const read = async () => (await call('GET', `/users/me/keys/${token.slice(0, 10)}`, undefined, token)).json;
  const before = await read();

  controls.advance(DAY_MS);
  const after = await read();
  controls.advance(DAY_MS);
  const refused = await call('GET', '/users/me', undefined, token);

  expect(after.expires_at).toBe(before.expires_at);
  expect(after.last_used).not.toBe(before.last_used);
  expect(before.lifetime_seconds).toBe(2 * 86_400);
  expect(refused).toMatchObject({
    status: 401,
    json: { detail: expect.stringContaining('API key expired at') },
  });
});

test('an owner’s token lives for seven days at most, a member’s for longer', async () => {
  const { call, people } = await setUp();
  people.add({ username: 'bridge' });
  const member = people.token('bridge');
  const long = { lifetime: 90 * DAY_NS };

  expect(await call('POST', '/users/me/keys/tokens', long)).toMatchObject({
    status: 400,
    json: { message: 'Failed to create API key.', detail: 'lifetime must be less than 168h0m0s' },
  });
  expect(await call('POST', '/users/me/keys/tokens', long, member)).toMatchObject({ status: 201 });
  const config = async (token?: string) =>
    (await call('GET', '/users/me/keys/tokens/tokenconfig', undefined, token)).json.max_token_lifetime /
    DAY_NS;
  expect([await config(), await config(member)]).toEqual([7, 36_525]);
});

test('the name of a token is used once, and found by it', async () => {
  const { call } = await setUp();
  const create = () => call('POST', '/users/me/keys/tokens', { token_name: 'bridge', lifetime: DAY_NS });
  const { json } = await create();

  expect(await create()).toMatchObject({
    status: 409,
    json: { message: 'A token with name "bridge" already exists.' },
  });
  const byName = await call('GET', '/users/me/keys/tokens/bridge');
  expect(byName.json).toMatchObject({ id: json.key.slice(0, 10), scopes: ['coder:all'], scope: 'all' });
  const { json: list } = await call('GET', '/users/me/keys/tokens');
  expect(list.map(({ token_name }: { token_name: string }) => token_name)).toContain('bridge');
});

test('a token is deleted, or made to end', async () => {
  const { call, people } = await setUp();
  const [deleted, ended] = [people.token('admin'), people.token('admin')];

  expect(await call('DELETE', `/users/me/keys/${deleted.slice(0, 10)}`)).toMatchObject({ status: 204 });
  expect(await call('PUT', `/users/me/keys/${ended.slice(0, 10)}/expire`)).toMatchObject({ status: 204 });

  expect((await call('GET', '/users/me', undefined, deleted)).json.detail).toBe('API key is invalid.');
  expect((await call('GET', '/users/me', undefined, ended)).json.detail).toContain('API key expired');
  expect(await call('DELETE', `/users/me/keys/${deleted.slice(0, 10)}`)).toMatchObject({ status: 404 });
});

test('a token that may make tokens makes one that may do everything: the role is the fence', async () => {
  const { call, people } = await setUp();
  const scoped = people.token('admin', { scopes: ['coder:apikeys.manage_self'] });
  const unable = people.token('admin', { scopes: ['template:read'] });

  const made = await call('POST', '/users/me/keys/tokens', { lifetime: DAY_NS }, scoped);

  expect(await call('GET', '/users/me', undefined, scoped)).toMatchObject({ status: 404 });
  expect(await call('GET', '/users/me', undefined, made.json.key)).toMatchObject({ status: 200 });
  expect(await call('POST', '/users/me/keys/tokens', { lifetime: DAY_NS }, unable)).toMatchObject({
    status: 500,
    json: { message: 'Failed to create API key.' },
  });
});

test('a scope that Coder does not know is refused', async () => {
  const { call } = await setUp();

  expect(await call('POST', '/users/me/keys/tokens', { scopes: ['template:publish'] })).toMatchObject({
    status: 400,
    json: { detail: 'invalid or unsupported API key scope: "template:publish"' },
  });
});

test.each([
  ['no token', '', 'must be provided'],
  ['half a token', 'abc', 'Invalid API key format'],
  ['a wrong secret', 'wrong', 'API key secret is invalid.'],
  ['an unknown token', `${'z'.repeat(10)}-${'z'.repeat(22)}`, 'API key is invalid.'],
])('%s is 401, with a challenge', async (_, given, detail) => {
  const { call, owner } = await setUp();
  const token = given === 'wrong' ? `${owner.slice(0, 11)}${'x'.repeat(22)}` : given;

  const { status, json, headers } = await call('GET', '/users/me', undefined, token);

  expect(status).toBe(401);
  expect(json.message).toBe(
    'You are signed out or your session has expired. Please sign in again to continue.',
  );
  expect(json.detail).toContain(detail);
  expect(headers.get('www-authenticate')).toContain('Bearer');
});

test('a bearer token for a proxy in front does no harm beside the header of Coder', async () => {
  const verify = async (token: string) => (token === 'entra' ? { aud: 'api://coder' } : undefined);
  const { owner, request } = await setUp({ entraProxy: { verify, audience: 'api://coder' } });
  const get = (headers: Record<string, string>) => request('GET', '/api/v2/users/me', { headers });

  expect(await get({ 'coder-session-token': owner })).toMatchObject({ status: 401, json: undefined });
  expect(await get({ authorization: 'Bearer entra', 'coder-session-token': owner })).toMatchObject({
    status: 200,
  });
});
