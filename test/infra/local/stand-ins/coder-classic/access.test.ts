import { expect, test } from 'vitest';
import { setUp } from './setup.ts';

test.each([
  ['a wrong session token', 'GET', '/api/v0/images', { 'session-token': 'wrong' }, 401, 'unauthorized'],
  ['an unknown organization', 'GET', '/api/v0/registries?org=elsewhere', {}, 404, 'not_found'],
  ['an unknown image', 'GET', '/api/v0/images/none/tags', {}, 404, 'not_found'],
  ['an unknown registry', 'DELETE', '/api/v0/registries/none', {}, 404, 'not_found'],
  ['an unknown call', 'PUT', '/api/v0/images', {}, 404, 'not_found'],
])('%s is answered in the words of Coder', async (_, method, path, headers, status, code) => {
  const { call } = await setUp();

  const answer = await call(method, path, undefined, headers);

  expect(answer).toMatchObject({ status, json: { error: { code, msg: expect.any(String) } } });
});

test('an image manager imports from registries that are there, and changes none', async () => {
  const { coder, call, importBody } = await setUp({ role: 'image-manager' });

  expect(await call('POST', '/api/v0/images', importBody)).toMatchObject({ status: 403 });
  expect(await call('PATCH', '/api/v0/registries/any', { password: 'x' })).toMatchObject({ status: 403 });
  expect(await call('DELETE', '/api/v0/registries/any')).toMatchObject({ status: 403 });
  expect(await call('GET', '/api/v0/registries')).toMatchObject({ status: 200 });
  expect(coder.state().registries).toEqual([]);
});

test('behind an Entra proxy a session token is not enough, and neither is a token for another audience', async () => {
  const tokens = new Map([
    ['ours', { aud: 'api://coder' }],
    ['theirs', { aud: 'api://other' }],
  ]);
  const entraProxy = { verify: async (token: string) => tokens.get(token), audience: 'api://coder' };
  const { call } = await setUp({ entraProxy });
  const listWith = (headers: Record<string, string>) => call('GET', '/api/v0/images', undefined, headers);

  for (const headers of [{}, { authorization: 'Bearer theirs' }, { authorization: 'Bearer forged' }]) {
    expect(await listWith(headers)).toMatchObject({ status: 401, json: undefined });
  }
  expect(await listWith({ authorization: 'Bearer ours' })).toMatchObject({ status: 200, json: [] });
  expect(await listWith({ authorization: 'Bearer ours', 'session-token': 'wrong' })).toMatchObject({
    json: { error: { code: 'unauthorized' } },
  });
});

test('the registry kind acr exists only while a site manager has turned it on, and registries show no kind', async () => {
  const { coder, call, importBody, newRegistry } = await setUp();
  const ofKind = (kind: string) => ({ ...importBody, new_registry: { ...newRegistry, kind } });

  coder.switches.acrAuthentication = false;
  expect(await call('POST', '/api/v0/images', ofKind('acr'))).toMatchObject({
    status: 400,
    json: { error: { msg: 'registry kind is not available' } },
  });
  expect(await call('POST', '/api/v0/images', ofKind('generic'))).toMatchObject({ status: 201 });
  expect((await call('GET', '/api/v0/registries')).json[0]).not.toHaveProperty('kind');
  coder.switches.showRegistryKind = true;
  expect((await call('GET', '/api/v0/registries')).json[0]).toHaveProperty('kind', 'generic');
});
