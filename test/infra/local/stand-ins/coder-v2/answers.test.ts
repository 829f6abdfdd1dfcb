import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { API_FILE, loadApiTypes } from './api-types.ts';
import { setUp } from './setup.ts';

test('each object of an answer has a field that only a later Coder knows', async () => {
  const { call, newTemplate } = await setUp();
  const { template, first } = await newTemplate();
  const { json } = await call('GET', `/templateversions/${first.id}`);
  const unknown = await call('GET', `/templates/${crypto.randomUUID()}`);

  for (const object of [template, json, json.job, json.created_by, unknown.json]) {
    expect(object).toHaveProperty('a_field_of_a_later_coder');
  }
  expect(json.job.tags).toEqual({ scope: 'organization', owner: '' });
});

test('such fields can be turned off', async () => {
  const { call } = await setUp({ switches: { laterFields: false } });

  expect((await call('GET', '/organizations/default')).json).not.toHaveProperty('a_field_of_a_later_coder');
});

test.skipIf(!existsSync(API_FILE))(
  `answers are held to Coder’s own types, and wrong ones are found (left out without ${API_FILE})`,
  async () => {
    const check = loadApiTypes();

    expect(check?.('GET', '/buildinfo', 200, { version: 'v2' })).toBeUndefined();
    expect(check?.('GET', '/buildinfo', 200, { version: 2 })).toContain('must be string');
    expect(check?.('GET', '/templates/1', 404, {})).toContain("must have required property 'message'");
    expect(() => check?.('GET', '/nothing/here', 200, {})).toThrow('describes no call');
  },
);

test('what Coder has no route for is 404, with another text than what is not there', async () => {
  const { coder, owner, request } = await setUp();
  const get = (path: string) => request('GET', path, { headers: { 'coder-session-token': owner } });

  expect((await get('/api/v2/nothing/here')).json.message).toBe('Route not found.');
  expect((await get(`/api/v2/templates/${crypto.randomUUID()}`)).json.message).toBe(
    'Resource not found or you do not have access to this resource',
  );
  expect(coder.faults.all()).toEqual([]);
});

test('names of organizations and templates are the same in upper and lower case', async () => {
  const { call, newTemplate } = await setUp();
  const { template } = await newTemplate();
  const name = template.name.toUpperCase();

  expect((await call('GET', '/organizations/CODER')).json).toMatchObject({ name: 'coder' });
  expect((await call('GET', `/organizations/default/templates/${name}`)).json.id).toBe(template.id);
  const again = { name, template_version_id: (await newTemplate()).first.id };
  expect(await call('POST', '/organizations/default/templates', again)).toMatchObject({ status: 400 });
});

test('a new server has no user; the first one is its owner, and signs in with a password', async () => {
  const { call, people } = await setUp();
  const login = (password: string) => call('POST', '/users/login', { email: 'ann@example.com', password });
  people.add({ username: 'ann', password: 'right' });

  expect(await call('GET', '/users/first')).toMatchObject({ status: 200 });
  expect(
    await call('POST', '/users/first', { email: 'a@example.com', username: 'a', password: 'long enough' }),
  ).toMatchObject({ status: 409 });
  expect(await login('wrong')).toMatchObject({ status: 401 });
  const { json } = await login('right');
  const me = await call('GET', '/users/me', undefined, json.session_token);
  expect(me.json).toMatchObject({ username: 'ann', roles: [], status: 'active' });
});

test('users are made and given roles by who may', async () => {
  const { call, people } = await setUp();
  people.add({ username: 'ann' });
  const wanted = { username: 'bob', email: 'bob@example.com', service_account: true };

  expect(await call('POST', '/users', wanted, people.token('ann'))).toMatchObject({ status: 403 });
  const { json } = await call('POST', '/users', wanted);
  expect(json).toMatchObject({ is_service_account: true, login_type: 'none' });
  expect(await call('POST', '/users', wanted)).toMatchObject({ status: 409 });
  expect((await call('PUT', '/users/bob/roles', { roles: ['template-admin'] })).json.roles).toMatchObject([
    { name: 'template-admin' },
  ]);
  expect(await call('PUT', '/users/bob/roles', { roles: ['king'] })).toMatchObject({ status: 400 });
});
