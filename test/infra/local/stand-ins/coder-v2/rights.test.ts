import { expect, test } from 'vitest';
import { setUp } from './setup.ts';

const BUILD_SCOPES = ['template:read', 'template:create', 'template:update', 'organization:read'];
const NOT_FOUND = 'Resource not found or you do not have access to this resource';

async function withTemplate(roles: string[] = []) {
  const all = await setUp();
  const made = await all.newTemplate();
  all.people.add({ username: 'bridge', roles });
  const body = { template_id: made.template.id, file_id: made.fileId };
  const create = (token: string) => all.createVersion(body, token);
  return { ...all, ...made, create };
}

test('a member may read the template, but its file is 404 and promotion is 500', async () => {
  const { call, create, imported, people, promote, template, fileId } = await withTemplate();
  const token = people.token('bridge');
  const version = await imported({ template_id: template.id, file_id: fileId });

  expect(await call('GET', `/templates/${template.id}`, undefined, token)).toMatchObject({ status: 200 });
  expect(await create(token)).toMatchObject({ status: 404, json: { message: 'File not found.' } });
  expect(await promote(template.id, version.id, token)).toMatchObject({
    status: 500,
    json: { detail: 'update active version: unauthorized: rbac: forbidden' },
  });
  expect(await call('PATCH', `/templateversions/${version.id}`, {}, token)).toMatchObject({ status: 403 });
  expect(await call('POST', `/templateversions/${version.id}/archive`, undefined, token)).toMatchObject({
    status: 500,
  });
});

test('a member with a file of their own gets as far as the insert, which is 500', async () => {
  const { createVersion, first, people, template, upload } = await withTemplate();
  const token = people.token('bridge');
  const file_id = await upload({ 'main.tf': 'variable "image" { default = "" }' }, token);

  // The right is checked before the name, which is taken.
  const body = { template_id: template.id, file_id, name: first.name };
  expect(await createVersion(body, token)).toMatchObject({
    status: 500,
    json: {
      message: 'Internal error creating template version.',
      detail: 'insert template version: unauthorized: rbac: forbidden',
    },
  });
});

test.each([
  ['the site role', ['template-admin']],
  ['the role in the organization', ['organization-template-admin']],
])('%s is enough to build from the file of another user, and to promote', async (_, roles) => {
  const { create, people, promote, settle, template } = await withTemplate(roles);
  const token = people.token('bridge');

  const { status, json } = await create(token);
  settle();

  expect([status, json.created_by.username]).toEqual([201, 'bridge']);
  expect(await promote(template.id, json.id, token)).toMatchObject({ status: 200 });
});

test('an access list opens one template and no other', async () => {
  const { create, createVersion, newTemplate, people, template } = await withTemplate();
  const other = await newTemplate({ 'main.tf': '' });
  people.makeTemplateAdmin('bridge', template.id);
  const token = people.token('bridge');

  expect(await create(token)).toMatchObject({ status: 201 });
  const elsewhere = { template_id: other.template.id, file_id: other.fileId };
  expect(await createVersion(elsewhere, token)).toMatchObject({
    status: 404,
    json: { message: 'File not found.' },
  });
});

test('without user:read nothing is created, though every right over the template is there', async () => {
  const { create, coder, people, promote, settle, template } = await withTemplate(['template-admin']);
  const id = coder.state().users.find(({ username }) => username === 'bridge')?.id;

  const lacking = await create(people.token('bridge', { scopes: BUILD_SCOPES }));
  const token = people.token('bridge', { scopes: [...BUILD_SCOPES, 'user:read'] });
  const enough = await create(token);
  settle();

  expect(lacking).toMatchObject({
    status: 400,
    json: { message: 'Internal error checking workspace tags', detail: `Owner not found, uuid=${id}` },
  });
  expect(enough.status).toBe(201);
  expect(await promote(template.id, enough.json.id, token)).toMatchObject({ status: 200 });
});

test.each([
  ['coder:workspaces.access', 400],
  ['coder:workspaces.create', 201],
  ['organization_member:read', 201],
])('the scope %s beside those of the template gives %i', async (scope, status) => {
  const { create, people } = await withTemplate(['template-admin']);

  expect((await create(people.token('bridge', { scopes: [...BUILD_SCOPES, scope] }))).status).toBe(status);
});

test.each([
  ['template:read', 404, NOT_FOUND],
  ['template:update', 500, 'Internal error updating active template version.'],
])('a token without the scope %s cannot promote: %i', async (missing, status, message) => {
  const { first, people, promote, template } = await withTemplate(['template-admin']);
  const scopes = [...BUILD_SCOPES, 'user:read'].filter(scope => scope !== missing);

  const answer = await promote(template.id, first.id, people.token('bridge', { scopes }));

  expect(answer).toMatchObject({ status, json: { message } });
});

test('an allow list is exclusive: it must name the template, the organization and the user', async () => {
  const { coder, create, people, template } = await withTemplate(['template-admin']);
  const id = coder.state().users.find(({ username }) => username === 'bridge')?.id as string;
  const organization = { type: 'organization', id: coder.organizationId };
  const own = { type: 'user', id };
  const withList = (...allowList: { type: string; id: string }[]) =>
    create(people.token('bridge', { allowList }));

  expect(await withList(organization, own)).toMatchObject({ status: 404 });
  expect(await withList({ type: 'template', id: template.id }, own)).toMatchObject({
    status: 404,
    json: { message: NOT_FOUND },
  });
  expect(await withList({ type: 'template', id: template.id }, organization)).toMatchObject({ status: 400 });
});

test('authcheck tells what role and scope give together', async () => {
  const { call, controls, people, template } = await withTemplate(['template-admin']);
  const object = { resource_type: 'template', resource_id: template.id };
  const key = { resource_type: 'api_key', owner_id: 'me' };
  const checks = {
    read: { object, action: 'read' },
    update: { object, action: 'update' },
    renew: { object: key, action: 'create' },
  };
  const check = async (token: string) => (await call('POST', '/authcheck', { checks }, token)).json;
  const [whole, scoped] = [people.token('bridge'), people.token('bridge', { scopes: ['template:read'] })];

  expect(await check(whole)).toEqual({ read: true, update: true, renew: true });
  expect(await check(scoped)).toEqual({ read: true, update: false, renew: false });
  controls.revokeRight('bridge', 'template:update');
  expect(await check(whole)).toEqual({ read: true, update: false, renew: true });
});

test('authcheck takes ten ids at most', async () => {
  const { call, template } = await withTemplate();
  const check = { object: { resource_type: 'template', resource_id: template.id }, action: 'read' };
  const checks = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [at, check]));

  expect(await call('POST', '/authcheck', { checks: checks(10) })).toMatchObject({ status: 200 });
  expect(await call('POST', '/authcheck', { checks: checks(11) })).toMatchObject({ status: 400 });
});

test('what needs a licence or another right says so', async () => {
  const { call, people, template } = await withTemplate();
  const token = people.token('bridge');

  expect(await call('GET', '/deployment/config', undefined, token)).toMatchObject({
    status: 403,
    json: { message: 'Forbidden.' },
  });
  expect((await call('GET', '/audit')).json.message).toBe('Audit Log is a Premium feature. Contact sales!');
  expect(await call('POST', `/templates/${template.id}/prebuilds/invalidate`)).toMatchObject({ status: 403 });
  expect((await call('GET', '/entitlements')).json).toMatchObject({ has_license: false });
});

test('the source of a template can be read by whom its access list lets change it, and by no other member', async () => {
  const { fileId, people, template, request } = await withTemplate();
  const read = (token: string) =>
    request('GET', `/api/v2/files/${fileId}`, { headers: { 'coder-session-token': token } });
  const scoped = people.token('bridge', { scopes: ['template:read', 'template:update', 'user:read'] });

  expect((await read(scoped)).status).toBe(404);
  people.makeTemplateAdmin('bridge', template.id);
  expect((await read(scoped)).status).toBe(200);
  expect((await read(people.token('bridge', { scopes: ['template:read', 'user:read'] }))).status).toBe(404);
});
