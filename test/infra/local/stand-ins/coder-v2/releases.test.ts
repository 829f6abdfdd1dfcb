import { expect, test } from 'vitest';
import { setUp } from './setup.ts';

const SETTINGS = { display_name: 'Sample', description: 'For all', default_ttl_ms: 3_600_000 };

async function patched(version: string) {
  const { call, newTemplate } = await setUp({ version });
  const { template } = await newTemplate();
  await call('PATCH', `/templates/${template.id}`, SETTINGS);
  return (await call('PATCH', `/templates/${template.id}`, { icon: '/icon.png' })).json;
}

test('PATCH of a template keeps what it leaves out since 2.34', async () => {
  expect(await patched('2.34.0')).toMatchObject({
    ...SETTINGS,
    icon: '/icon.png',
    allow_user_autostop: true,
  });
});

test('PATCH of a template wipes what it leaves out before 2.34', async () => {
  expect(await patched('2.33.11')).toMatchObject({
    ...{ display_name: '', description: '', default_ttl_ms: 0, icon: '/icon.png' },
    allow_user_autostop: false,
  });
});

test('to deprecate without a licence is 200, and changes nothing', async () => {
  const { call, coder, newTemplate } = await setUp();
  const { template } = await newTemplate();
  const deprecate = async () =>
    (await call('PATCH', `/templates/${template.id}`, { deprecation_message: 'old' })).json;

  expect(await deprecate()).toMatchObject({ deprecated: false, deprecation_message: '' });
  coder.switches.licensed = true;
  expect(await deprecate()).toMatchObject({ deprecated: true, deprecation_message: 'old' });
});

test('deprecated templates are left out of the list unless they are asked for, but are found by name', async () => {
  const { call, controls, newTemplate } = await setUp();
  const { template } = await newTemplate();
  controls.deprecate(template.name, 'old');
  const names = async (query: string) =>
    (await call('GET', `/templates?q=${encodeURIComponent(query)}`)).json.map(
      ({ name }: { name: string }) => name,
    );

  expect(await names('')).toEqual([]);
  expect(await names('deprecated:true')).toEqual([template.name]);
  expect(await names(`exact_name:${template.name} deprecated:true`)).toEqual([template.name]);
  expect(await names('exact_name:other deprecated:true')).toEqual([]);
  expect((await call('GET', `/organizations/coder/templates/${template.name}`)).json.id).toBe(template.id);
  expect(await call('GET', '/templates?q=colour:red')).toMatchObject({ status: 400 });
});

test.each([
  ['2.35.0', true],
  ['2.34.5', true],
  ['2.34.4', false],
  ['2.29.19', true],
  ['2.30.0', false],
])('in %s the end of a token is fixed: %s', async (version, fixed) => {
  const { call, controls, people } = await setUp({ version });
  const token = people.token('admin');
  const expiry = async () =>
    (await call('GET', `/users/me/keys/${token.slice(0, 10)}`, undefined, token)).json.expires_at;
  const before = await expiry();

  controls.advance(86_400_000);

  expect((await expiry()) === before).toBe(fixed);
});

test.each([
  ['2.31.0', 400],
  ['2.32.0', 201],
])('%s answers %i to the scope user:read', async (version, status) => {
  const { call } = await setUp({ version });

  expect((await call('POST', '/users/me/keys/tokens', { scopes: ['user:read'] })).status).toBe(status);
});

test('the version is told without a token, and with each answer', async () => {
  const { coder, request } = await setUp({ version: '2.24.1' });

  const { json, headers } = await request('GET', '/api/v2/buildinfo', {});

  expect(json.version).toBe('v2.24.1+8b44bd6');
  expect(headers.get('x-coder-build-version')).toBe(json.version);
  expect(coder.requests.all()).toMatchObject([{ path: '/api/v2/buildinfo', status: 200 }]);
  await expect(setUp({ version: '3.0.0' })).rejects.toThrow('no version of Coder 2');
});
