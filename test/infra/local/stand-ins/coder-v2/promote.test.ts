import { expect, test } from 'vitest';
import { setUp } from './setup.ts';

test('promotion is refused in this order: unknown, of another template, not built, archived, no right', async () => {
  const { call, controls, imported, newTemplate, people, promote } = await setUp();
  const { template, fileId } = await newTemplate();
  const other = await newTemplate();
  const create = () => imported({ template_id: template.id, file_id: fileId });
  people.add({ username: 'reader' });
  const reader = people.token('reader');
  controls.failNextImport('no disk');
  const failed = await create();
  await call('POST', `/templateversions/${failed.id}/archive`);
  const archived = await create();
  await call('POST', `/templateversions/${archived.id}/archive`);
  const good = await create();

  const answers: [string, number, string][] = [
    [crypto.randomUUID(), 404, 'Template version not found.'],
    [other.first.id, 400, "The provided template version doesn't belong to the specified template."],
    [failed.id, 403, 'Only versions that have been built successfully can be promoted.'],
    [archived.id, 400, 'The provided template version is archived.'],
    [good.id, 500, 'Internal error updating active template version.'],
  ];
  for (const [id, status, message] of answers) {
    expect(await promote(template.id, id, reader)).toMatchObject({ status, json: { message } });
  }
  expect((await promote(template.id, good.id, reader)).json.detail).toBe(
    'update active version: unauthorized: rbac: forbidden',
  );
  expect((await promote(template.id, failed.id)).json.detail).toBe(
    'Attempted to promote a version with a failed build',
  );
});

test('there is no condition: promoting after another caller did replaces their version, and the active one again is 200', async () => {
  const { call, controls, imported, newTemplate, promote } = await setUp();
  const { template, fileId } = await newTemplate();
  const create = () => imported({ template_id: template.id, file_id: fileId });
  const [ours, theirs] = [await create(), await create()];
  controls.promote(template.name, theirs.name);

  expect(await promote(template.id, ours.id)).toMatchObject({
    status: 200,
    json: { message: 'Updated the active template version!' },
  });

  expect((await call('GET', `/templates/${template.id}`)).json.active_version_id).toBe(ours.id);
  expect(await promote(template.id, ours.id)).toMatchObject({ status: 200 });
});

test('a deprecated template can be promoted, and a deleted one still takes versions', async () => {
  const { call, controls, createVersion, imported, newTemplate, promote } = await setUp();
  const { template, fileId } = await newTemplate();
  controls.deprecate(template.name, 'use the other one');
  const version = await imported({ template_id: template.id, file_id: fileId });
  expect(await promote(template.id, version.id)).toMatchObject({ status: 200 });

  await call('DELETE', `/templates/${template.id}`);

  expect(await createVersion({ template_id: template.id, file_id: fileId })).toMatchObject({ status: 201 });
  expect(await call('GET', `/organizations/default/templates/${template.name}`)).toMatchObject({
    status: 404,
  });
});
