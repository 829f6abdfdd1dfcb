import { expect, test } from 'vitest';
import { MINUTE_MS, pairs, setUp } from './setup.ts';
import { catalog, template as files } from './sources.ts';

const ZONE = `variable "zone" { type = string }
data "coder_workspace_tags" "t" { tags = { "zone" = var.zone } }`;
const PRESET = `data "coder_workspace_preset" "p" {
  name       = "p"
  parameters = { image = "team/base:9" }
}`;

test.each(['a b', 'a:b', 'a--b', '-a', 'a-', 'a.', '1.4.2+build', 'a'.repeat(65)])(
  'the name %s is refused',
  async name => {
    const { createVersion } = await setUp();

    const { status, json } = await createVersion({ file_id: crypto.randomUUID(), name });

    expect(status).toBe(400);
    expect(json.message).toBe('Validation failed.');
    expect(json.validations[0]).toMatchObject({
      field: 'name',
      detail: `Validation failed for tag "template_version_name" with value: "${name}"`,
    });
  },
);

test('a name is taken for good, by versions that failed and by archived ones, but not in another template', async () => {
  const { call, controls, createVersion, imported, newTemplate } = await setUp();
  const { template, fileId } = await newTemplate();
  const other = await newTemplate();
  const of = (name: string) => ({ template_id: template.id, file_id: fileId, name });
  const archived = await imported(of('archived'));
  await call('POST', `/templateversions/${archived.id}/archive`);
  controls.failNextImport('no disk');
  await imported(of('failed'));

  for (const name of ['archived', 'failed']) {
    expect(await createVersion(of(name))).toMatchObject({
      status: 409,
      json: {
        message: `A template version with name "${name}" already exists for this template.`,
        validations: [{ field: 'name' }],
      },
    });
    const found = await call('GET', `/templates/${template.id}/versions/${name}`);
    expect(found.json).toMatchObject({ name, archived: name === 'archived' });
  }
  expect(await createVersion({ ...of('archived'), template_id: other.template.id })).toMatchObject({
    status: 201,
  });
  expect(await call('GET', `/templates/${template.id}/versions/none`)).toMatchObject({
    status: 404,
    json: { message: 'No template version found by name "none".' },
  });
});

test('while the import runs, its variables are 403, its parameters 425, and it cannot be promoted or archived', async () => {
  const { call, controls, createVersion, newTemplate, promote } = await setUp();
  const { template, fileId } = await newTemplate();
  const { id } = (await createVersion({ template_id: template.id, file_id: fileId })).json;

  for (const status of ['pending', 'running']) {
    const version = `/templateversions/${id}`;
    expect((await call('GET', version)).json.job.status).toBe(status);
    expect(await call('GET', `${version}/variables`)).toMatchObject({
      status: 403,
      json: { message: 'Template version job has not finished' },
    });
    expect(await call('GET', `${version}/rich-parameters`)).toMatchObject({ status: 425 });
    expect(await call('POST', `${version}/dynamic-parameters/evaluate`, { inputs: {} })).toMatchObject({
      status: 425,
    });
    expect(await call('POST', `${version}/archive`)).toMatchObject({ status: 500 });
    expect(await promote(template.id, id)).toMatchObject({ status: 403 });
    controls.advance(MINUTE_MS);
  }
  expect((await call('GET', `/templateversions/${id}/variables`)).status).toBe(200);
});

test('workspace tags are evaluated before there is a job, without the values of the active version', async () => {
  const { createVersion, newTemplate, upload } = await setUp();
  const { template, fileId } = await newTemplate(files({ extra: ZONE }), { zone: 'eu' });

  const refused = await createVersion({ template_id: template.id, file_id: fileId });
  const sent = { template_id: template.id, file_id: fileId, user_variable_values: pairs({ zone: 'eu' }) };
  const allowed = await createVersion(sent);

  expect(refused).toMatchObject({
    status: 400,
    json: {
      message: 'Unable to parse workspace tags',
      validations: [
        {
          field: 'zone',
          detail: 'Tag value is not known, it likely refers to a variable that is not set or has no default.',
        },
      ],
    },
  });
  expect(allowed.json.job.tags).toEqual({ scope: 'organization', owner: '', zone: 'eu' });
  // The request's tags win, and empty ones count for nothing.
  const over = await createVersion({ ...sent, tags: { zone: 'us', size: '' } });
  expect(over.json.job.tags).toEqual({ scope: 'organization', owner: '', zone: 'us' });
  expect(await upload(files({ extra: ZONE }))).toBe(fileId);
});

test('a preset that names an option which the catalog has lost is refused at once', async () => {
  const { createVersion, newTemplate } = await setUp();
  const { template, fileId } = await newTemplate(files({ extra: PRESET }), { images: catalog('9') });
  const create = (images: string) =>
    createVersion({ template_id: template.id, file_id: fileId, user_variable_values: pairs({ images }) });

  expect(await create(catalog('1'))).toMatchObject({
    status: 400,
    json: { message: 'Unable to validate presets', validations: [{ field: 'p' }] },
  });
  expect(await create(catalog('9', '1'))).toMatchObject({ status: 201 });
  // Left to the active version's value, which is not looked at, the parameter does not even exist.
  expect(await createVersion({ template_id: template.id, file_id: fileId })).toMatchObject({ status: 400 });
});

test('presets have capital keys, and are null where there are none', async () => {
  const { call, imported, newTemplate, upload } = await setUp();
  const { template, first } = await newTemplate();
  const file_id = await upload(files({ extra: PRESET }));
  const version = await imported({
    ...{ template_id: template.id, file_id },
    user_variable_values: pairs({ images: catalog('9') }),
  });

  expect((await call('GET', `/templateversions/${first.id}/presets`)).json).toBeNull();
  expect((await call('GET', `/templateversions/${version.id}/presets`)).json).toMatchObject([
    { Name: 'p', Parameters: [{ Name: 'image', Value: 'team/base:9' }], Default: false },
  ]);
});

test('a template of the classic flow is not evaluated before the job', async () => {
  const { call, createVersion, newTemplate, upload } = await setUp();
  const { template } = await newTemplate();
  const fileId = await upload(files({ extra: ZONE }));
  await call('PATCH', `/templates/${template.id}`, { use_classic_parameter_flow: true });

  expect(await createVersion({ template_id: template.id, file_id: fileId })).toMatchObject({ status: 201 });
  const known = pairs({ zone: 'eu' });
  const tagged = await createVersion({
    template_id: template.id,
    file_id: fileId,
    user_variable_values: known,
  });
  expect(tagged.json.job.tags.zone).toBe('eu');
});

test.each([
  ['an unknown template', { template_id: crypto.randomUUID() }, 'Template does not exist.'],
  ['an unknown file', {}, 'File not found.'],
])('a version for %s is 404', async (_, body, message) => {
  const { createVersion } = await setUp();

  expect(await createVersion({ file_id: crypto.randomUUID(), ...body })).toMatchObject({
    status: 404,
    json: { message },
  });
});

test('a body that is no JSON is 400', async () => {
  const { owner, request } = await setUp();

  const answer = await request('POST', '/api/v2/organizations/default/templateversions', {
    headers: { 'coder-session-token': owner },
    body: '{',
  });

  expect(answer).toMatchObject({ status: 400, json: { message: 'Request body must be valid JSON.' } });
});

test('a version is renamed, but not to a name that is taken', async () => {
  const { call, imported, newTemplate } = await setUp();
  const { template, fileId, first } = await newTemplate();
  const { id } = await imported({ template_id: template.id, file_id: fileId, name: 'one' });
  const rename = (name: string) => call('PATCH', `/templateversions/${id}`, { name, message: 'why' });

  expect(await rename(first.name)).toMatchObject({ status: 400 });
  expect(await rename('two')).toMatchObject({ status: 200, json: { name: 'two', message: 'why' } });
});

test('versions are listed without archived ones, page by page', async () => {
  const { call, imported, newTemplate } = await setUp();
  const { template, fileId, first } = await newTemplate();
  const [one, two] = [
    await imported({ template_id: template.id, file_id: fileId }),
    await imported({ template_id: template.id, file_id: fileId }),
  ];
  await call('POST', `/templateversions/${one.id}/archive`);
  const ids = async (query: string) =>
    (await call('GET', `/templates/${template.id}/versions${query}`)).json.map(
      ({ id }: { id: string }) => id,
    );

  expect(await ids('')).toEqual([first.id, two.id]);
  expect(await ids('?include_archived=true')).toEqual([first.id, one.id, two.id]);
  expect(await ids('?limit=1&offset=1')).toEqual([two.id]);
  expect(await ids(`?after_id=${first.id}`)).toEqual([two.id]);
});
