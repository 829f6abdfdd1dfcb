import { expect, test } from 'vitest';
import { pairs, setUp } from './setup.ts';
import { catalog, template as files } from './sources.ts';

test('values are copied from the version that is active when the job is acquired, not when it was asked for', async () => {
  const { call, controls, createVersion, imported, newTemplate, promote, settle, valuesOf } = await setUp();
  const { template, fileId } = await newTemplate();
  const theirs = await imported({
    template_id: template.id,
    file_id: fileId,
    user_variable_values: pairs({ images: catalog('9') }),
  });
  const ours = await createVersion({
    template_id: template.id,
    file_id: fileId,
    user_variable_values: pairs({ image: 'ours' }),
  });

  await promote(template.id, theirs.id);
  settle();

  expect(valuesOf(ours.json.id)).toMatchObject({ image: 'ours', images: catalog('9') });
  // Once it is acquired, what people promote is not seen any more.
  const late = await createVersion({ template_id: template.id, file_id: fileId });
  controls.advance(61_000);
  await promote(template.id, ours.json.id);
  settle();
  expect(valuesOf(late.json.id)).toMatchObject({ image: 'docker.io/codercom/example-base:ubuntu' });
  expect((await call('GET', `/templates/${template.id}`)).json.active_version_id).toBe(ours.json.id);
});

test('of two imports at once the second lacks what the first one sets, and promoting it takes that back', async () => {
  const { createVersion, newTemplate, promote, settle, valuesOf } = await setUp();
  const { template, fileId } = await newTemplate();
  const create = (values: Record<string, string>) =>
    createVersion({ template_id: template.id, file_id: fileId, user_variable_values: pairs(values) });
  const [one, two] = [await create({ image: 'mine' }), await create({ license: 'other' })];
  settle();

  await promote(template.id, one.json.id);
  await promote(template.id, two.json.id);

  expect(valuesOf(two.json.id)).toMatchObject({
    image: 'docker.io/codercom/example-base:ubuntu',
    license: 'other',
  });
});

test('sensitive and empty values are copied too, and a changed default never applies again', async () => {
  const { imported, newTemplate, promote, upload, valuesOf } = await setUp();
  const { template, fileId } = await newTemplate();
  const values = pairs({ image: '', license: 'secret' });
  const one = await imported({ template_id: template.id, file_id: fileId, user_variable_values: values });
  await promote(template.id, one.id);

  const later = await upload(files({ image: 'docker.io/codercom/example-base:later' }));
  const two = await imported({ template_id: template.id, file_id: later });

  expect(valuesOf(two.id)).toEqual({ image: '', images: '[]', license: 'secret' });
});

test('a name that the template does not declare is dropped silently', async () => {
  const { imported, newTemplate, valuesOf } = await setUp();
  const { template, fileId } = await newTemplate();

  const version = await imported({
    template_id: template.id,
    file_id: fileId,
    user_variable_values: pairs({ imag: 'x' }),
  });

  expect(version.job.status).toBe('succeeded');
  expect(Object.keys(valuesOf(version.id))).toEqual(['image', 'images', 'license']);
});

test('a redacted value that is sent back destroys the secret', async () => {
  const { call, imported, newTemplate, valuesOf } = await setUp();
  const { template, fileId, first } = await newTemplate();
  const { json } = await call('GET', `/templateversions/${first.id}/variables`);
  const license = json.find(({ name }: { name: string }) => name === 'license');
  expect(license).toMatchObject({ value: '*redacted*', default_value: '*redacted*', sensitive: true });
  expect(valuesOf(first.id).license).toBe('from-the-file');

  const version = await imported({
    template_id: template.id,
    file_id: fileId,
    user_variable_values: [{ name: 'license', value: license.value }],
  });

  expect(valuesOf(version.id).license).toBe('*redacted*');
});

test('a required variable without a value fails the import with its own code, and its variables can be read', async () => {
  const { call, imported, newTemplate, upload } = await setUp();
  const { template } = await newTemplate();
  const fileId = await upload(files({ extra: 'variable "namespace" { type = string }' }));

  const { id, job } = await imported({ template_id: template.id, file_id: fileId });

  expect(job).toMatchObject({
    status: 'failed',
    error: 'required template variables need values: namespace',
    error_code: 'REQUIRED_TEMPLATE_VARIABLES',
  });
  expect((await call('GET', `/templateversions/${id}/variables`)).json).toContainEqual(
    expect.objectContaining({ name: 'namespace', required: true, value: '' }),
  );
});

test('131,000 characters of a value pass, 131,100 are more than an argument may have', async () => {
  const { imported, newTemplate } = await setUp();
  const { template, fileId } = await newTemplate();
  const withLength = (length: number) =>
    imported({
      template_id: template.id,
      file_id: fileId,
      user_variable_values: pairs({ image: 'x'.repeat(length) }),
    });

  expect((await withLength(131_000)).job.status).toBe('succeeded');
  expect((await withLength(131_100)).job.error).toContain('argument list too long');
});
