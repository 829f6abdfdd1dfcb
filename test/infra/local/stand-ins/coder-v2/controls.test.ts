import { expect, test } from 'vitest';
import { setUp } from './setup.ts';
import { template as files } from './sources.ts';

async function withPushed() {
  const all = await setUp();
  const pushed = await all.steer('push-template', { template: 'kubernetes', files: files() });
  all.settle();
  const read = async () => (await all.call('GET', '/organizations/default/templates/kubernetes')).json;
  const activeValues = async () => all.valuesOf((await read()).active_version_id);
  return { ...all, pushed, read, activeValues };
}

test('a push makes a template, with the person who pushes as its author', async () => {
  const { people, pushed, read, settle, steer } = await withPushed();
  expect(pushed).toMatchObject({ status: 200, json: { created_by: { username: 'admin' } } });
  expect((await read()).active_version_id).toBe(pushed.json.id);
  people.add({ username: 'ann', roles: ['template-admin'] });

  const later = await steer('push-template', { template: 'kubernetes', user: 'ann', name: 'by-ann' });
  settle();

  expect(later.json).toMatchObject({ name: 'by-ann', created_by: { username: 'ann' } });
  expect((await read()).active_version_id).toBe(later.json.id);
});

test('a push from a folder keeps the value that was set in between, unless a tfvars file says otherwise', async () => {
  const { activeValues, settle, steer } = await withPushed();
  await steer('set-variable', { template: 'kubernetes', name: 'image', value: 'ours' });
  settle();
  await steer('push-template', { template: 'kubernetes', files: files({ image: 'another-default' }) });
  settle();
  expect(await activeValues()).toMatchObject({ image: 'ours' });

  await steer('push-template', {
    template: 'kubernetes',
    files: { ...files(), 'terraform.tfvars': 'image = "theirs"\n' },
    tfvars: 'image = "theirs"\n',
  });
  settle();

  expect(await activeValues()).toMatchObject({ image: 'theirs' });
});

test('a tfvars file that only lies in the archive does not beat a value that is sent or copied', async () => {
  const { activeValues, settle, steer } = await withPushed();

  await steer('push-template', {
    template: 'kubernetes',
    files: { ...files(), 'terraform.tfvars': 'image = "theirs"\n' },
    variables: { image: 'ours' },
  });
  settle();

  expect(await activeValues()).toMatchObject({ image: 'ours' });
});

test('a push without activation leaves the active version', async () => {
  const { pushed, read, settle, steer } = await withPushed();

  await steer('push-template', { template: 'kubernetes', activate: false });
  settle();

  expect((await read()).active_version_id).toBe(pushed.json.id);
});

test('setting a variable keeps the other values, the sensitive ones too', async () => {
  const { activeValues, settle, steer } = await withPushed();
  await steer('push-template', { template: 'kubernetes', variables: { license: 'mine' } });
  settle();

  await steer('set-variable', { template: 'kubernetes', name: 'image', value: 'ours' });
  settle();

  expect(await activeValues()).toEqual({ image: 'ours', images: '[]', license: 'mine' });
});

test('terraform apply promotes its own version again, whatever was promoted since', async () => {
  const { pushed, read, settle, steer } = await withPushed();
  const ours = await steer('push-template', { template: 'kubernetes' });
  settle();
  expect((await read()).active_version_id).toBe(ours.json.id);

  await steer('terraform-apply', { template: 'kubernetes' });
  expect((await read()).active_version_id).toBe(pushed.json.id);

  await steer('promote', { template: 'kubernetes', version: ours.json.name });
  expect((await read()).active_version_id).toBe(ours.json.id);
});

test('a template is deprecated and deleted; another may take its name', async () => {
  const { call, pushed, read, settle, steer } = await withPushed();
  await steer('deprecate', { template: 'kubernetes', message: 'old' });
  const before = await read();
  expect(before).toMatchObject({ deprecated: true, deprecation_message: 'old' });
  expect(before.active_version_id).toBe(pushed.json.id);

  await steer('delete', { template: 'kubernetes' });
  expect(await call('GET', '/organizations/default/templates/kubernetes')).toMatchObject({ status: 404 });
  await steer('push-template', { template: 'kubernetes', files: files() });
  settle();

  expect((await read()).id).not.toBe(before.id);
});

test('provisioners, clock, failures and held imports are steered from outside', async () => {
  const { call, steer } = await withPushed();
  const status = async (id: string) => (await call('GET', `/templateversions/${id}`)).json.job.status;
  const minutes = (count: number) => steer('clock', { advanceMs: count * 60_000 });
  await steer('fail-next-import', { error: 'no disk' });
  const failed = (await steer('push-template', { template: 'kubernetes' })).json.id;
  await minutes(1);
  await minutes(1);
  expect(await status(failed)).toBe('failed');

  await steer('hold-imports', { at: 'pending' });
  const held = (await steer('push-template', { template: 'kubernetes' })).json.id;
  await minutes(1);
  expect(await status(held)).toBe('pending');
  await steer('provisioners', []);
  await steer('hold-imports', { at: 'nothing' });
  expect(await status(held)).toBe('pending');
  await steer('provisioners', [{ name: 'coderd-1' }]);
  expect(await status(held)).toBe('running');
});

test('a token is expired, and a right is taken and given back', async () => {
  const { call, owner, people, steer } = await withPushed();
  people.add({ username: 'ann', roles: ['template-admin'] });
  const token = people.token('ann');
  const list = async () => (await call('GET', '/templates', undefined, token)).json.length;

  await steer('revoke-right', { user: 'ann', right: 'template:read' });
  expect(await list()).toBe(0);
  await steer('revoke-right', { user: 'ann', right: 'template:read', given: true });
  expect(await list()).toBe(1);
  await steer('expire-token', { id: token.slice(0, 10) });

  expect(await call('GET', '/templates', undefined, token)).toMatchObject({ status: 401 });
  expect(await call('GET', '/templates', undefined, owner)).toMatchObject({ status: 200 });
});

test.each([
  ['an unknown template', 'promote', { template: 'none', version: 'x' }, 404],
  ['an unknown version', 'promote', { template: 'kubernetes', version: 'x' }, 404],
  ['an unknown field', 'clock', { minutes: 1 }, 400],
  ['a new template without files', 'push-template', { template: 'other' }, 400],
  ['an unknown user', 'revoke-right', { user: 'none', right: 'template:read' }, 404],
  ['an unknown token', 'expire-token', { id: 'none' }, 404],
  ['an unknown workspace', 'agents', { workspace: 'none', report: 'ready' }, 404],
])('a control with %s says so', async (_, name, body, status) => {
  const { steer } = await withPushed();

  expect(await steer(name, body)).toMatchObject({ status, json: { message: expect.any(String) } });
});

test('the usual controls of a stand-in are there too', async () => {
  const { call, coder, steer } = await withPushed();
  await steer('faults', { path: '/organizations$', status: 503, body: 'down', times: 1 });

  const before = coder.requests.all().length;
  const { status } = await fetch(`${coder.url}/api/v2/organizations`);

  expect(status).toBe(503);
  expect(coder.requests.all()).toHaveLength(before + 1);
  expect(await call('GET', '/organizations')).toMatchObject({ status: 200 });
});
