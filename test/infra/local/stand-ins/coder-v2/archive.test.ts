import { expect, test } from 'vitest';
import { setUp } from './setup.ts';

test('archive and unarchive answer a bare JSON text, and 400 when it is so already', async () => {
  const { call, imported, newTemplate } = await setUp();
  const { template, fileId } = await newTemplate();
  const { id } = await imported({ template_id: template.id, file_id: fileId });
  const change = (what: string) => call('POST', `/templateversions/${id}/${what}`);

  expect(await change('unarchive')).toMatchObject({ status: 400 });
  const archived = await change('archive');

  expect(archived).toMatchObject({ status: 200, json: `template version "${id}" archived` });
  expect(archived.headers.get('content-type')).toContain('application/json');
  expect(await change('archive')).toMatchObject({ status: 400 });
  expect(await change('unarchive')).toMatchObject({
    status: 200,
    json: `template version "${id}" unarchived`,
  });
});

test('a version that is active, or that a workspace runs, cannot be archived: 500', async () => {
  const { call, imported, newTemplate, promote, settle } = await setUp();
  const { template, fileId, first } = await newTemplate();
  const archive = (id: string) => call('POST', `/templateversions/${id}/archive`);
  const inUse = {
    status: 500,
    json: {
      detail:
        'Unable to archive specified version, the version is likely in use by a workspace or currently set to the active version',
    },
  };
  expect(await archive(first.id)).toMatchObject(inUse);
  const workspace = await call('POST', '/users/me/workspaces', { name: 'w', template_id: template.id });
  settle();
  const next = await imported({ template_id: template.id, file_id: fileId });
  await promote(template.id, next.id);

  expect(await archive(first.id)).toMatchObject(inUse);
  await call('POST', `/workspaces/${workspace.json.id}/builds`, { transition: 'delete' });
  settle();
  expect(await archive(first.id)).toMatchObject({ status: 200 });
});

test('one call archives the unused versions of everybody', async () => {
  const { call, controls, imported, newTemplate, people } = await setUp();
  const { template, fileId, first } = await newTemplate();
  people.add({ username: 'ann', roles: ['template-admin'] });
  const create = (token?: string) => imported({ template_id: template.id, file_id: fileId }, token);
  const theirs = await create(people.token('ann'));
  controls.failNextImport('no disk');
  const failed = await create();
  const archive = (all: boolean) => call('POST', `/templates/${template.id}/versions/archive`, { all });

  expect((await archive(false)).json.archived_ids).toEqual([failed.id]);
  expect((await archive(true)).json.archived_ids).toEqual([theirs.id]);
  expect((await call('GET', `/templateversions/${first.id}`)).json.archived).toBe(false);
});
