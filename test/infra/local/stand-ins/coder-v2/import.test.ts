import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tarOfFolder } from '../../../../../infra/local/folder-tar.ts';
import { pairs, setUp } from './setup.ts';
import { catalog } from './sources.ts';

const SAMPLE = join(import.meta.dirname, '../../../../../infra/local/templates/kubernetes');

/** What an import of this `main.tf` ends with. */
async function importOf(source: string, values: Record<string, string> = {}) {
  const all = await setUp();
  const fileId = await all.upload({ 'main.tf': source });
  const version = await all.imported({ file_id: fileId, user_variable_values: pairs(values) });
  const read = async (path: string) => (await all.call('GET', `/templateversions/${version.id}${path}`)).json;
  return { ...all, version, read };
}

test('the sample template is imported, with one image or with a catalog', async () => {
  const { call, imported } = await setUp();
  const upload = await call('POST', '/files', await tarOfFolder(SAMPLE));
  const importWith = (values: Record<string, string>) =>
    imported({ file_id: upload.json.hash, user_variable_values: pairs({ namespace: 'dev', ...values }) });
  const options = async (id: string) =>
    (await call('GET', `/templateversions/${id}/rich-parameters`)).json.map(
      (one: { options: { value: string }[] }) => one.options.map(({ value }) => value),
    );

  const single = await importWith({ image: 'c.azurecr.io/team/base:1' });
  const several = await importWith({
    images: catalog('1', '2').replaceAll('"image"', '"description":"","image"'),
  });

  expect([single.job.status, several.job.status]).toEqual(['succeeded', 'succeeded']);
  expect(await options(single.id)).toEqual([]);
  expect(await options(several.id)).toEqual([['team/base:1', 'team/base:2']]);
  const { json: resources } = await call('GET', `/templateversions/${single.id}/resources`);
  expect(resources).toContainEqual(
    expect.objectContaining({ type: 'kubernetes_deployment_v1', workspace_transition: 'start' }),
  );
});

test.each([
  ['a module', 'module "m" { source = "./m" }', 'module "m"'],
  [
    'a data source that must be asked for',
    'data "docker_registry_image" "i" { name = "x" }',
    'data.docker_registry_image.i',
  ],
  ['a function that is not known', 'locals { x = cidrhost("10.0.0.0/8", 1) }', 'cidrhost'],
  ['a reference to nothing', 'locals { x = var.missing }', 'var.missing'],
  ['a local value that needs itself', 'locals { x = local.x }', 'Cycle: local.x'],
  ['no HCL', 'variable "a" {{', 'Invalid expression or block definition'],
  [
    'a variable of the wrong type',
    'variable "n" {\n  type    = number\n  default = "x"\n}',
    'n is no number',
  ],
  [
    'a validation that does not hold',
    `variable "n" {
      default = "a"
      validation {
        condition     = length(var.n) > 3
        error_message = "Too short."
      }
    }`,
    'Too short.',
  ],
  [
    'two options with one value',
    `data "coder_parameter" "p" {
      name = "p"
      option {
        name  = "a"
        value = "1"
      }
      option {
        name  = "b"
        value = "1"
      }
    }`,
    'Option values must be unique',
  ],
  [
    'a default that is no option',
    `data "coder_parameter" "p" {
      name    = "p"
      default = "2"
      option {
        name  = "a"
        value = "1"
      }
    }`,
    'must be one of the options',
  ],
])('a template with %s fails, and the error names it', async (_, source, named) => {
  const { read, version } = await importOf(source);

  expect(version.job).toMatchObject({ status: 'failed', error: expect.stringContaining(named) });
  expect((await read('/logs')).at(-1).log_level).toBe('error');
});

test('an archive without Terraform files fails', async () => {
  const { imported, upload } = await setUp();

  const { job } = await imported({ file_id: await upload({ 'README.md': '# None' }) });

  expect(job.error).toContain('No configuration files');
});

test('variables keep their type as it is written, and defaults that are no text are JSON', async () => {
  const { read } = await importOf(
    `variable "untyped" { default = "x" }
    variable "count" {
      type    = number
      default = 2
    }
    variable "zones" {
      type        = list(string)
      default     = ["a"]
      description = "Where"
    }`,
    { zones: '["b"]' },
  );

  expect(await read('/variables')).toMatchObject([
    { name: 'untyped', type: '', value: 'x' },
    { name: 'count', type: 'number', value: '2', default_value: '2' },
    { name: 'zones', type: 'list(string)', value: '["b"]', default_value: '["a"]', description: 'Where' },
  ]);
});

test('count, for_each and the values of parameters are evaluated', async () => {
  const { call, version } = await importOf(`
    data "coder_parameter" "size" {
      for_each = { cpu = "2", memory = "4" }
      name     = each.key
      default  = each.value
      mutable  = true
    }
    data "coder_parameter" "extra" {
      count   = data.coder_parameter.size["cpu"].value == "8" ? 1 : 0
      name    = "extra-\${count.index}"
      default = ""
    }`);
  const evaluate = async (inputs: Record<string, string>) => {
    const path = `/templateversions/${version.id}/dynamic-parameters/evaluate`;
    const { json } = await call('POST', path, { id: 1, inputs });
    return json.parameters.map(({ name, value }: { name: string; value: { value: string } }) => [
      name,
      value.value,
    ]);
  };

  expect(await evaluate({})).toEqual([
    ['cpu', '2'],
    ['memory', '4'],
  ]);
  expect(await evaluate({ cpu: '8' })).toEqual([
    ['cpu', '8'],
    ['memory', '4'],
    ['extra-0', ''],
  ]);
});

test('the text beside the template is shown, and files of the same content are one', async () => {
  const { call, imported, owner, request, upload } = await setUp();
  const files = { 'main.tf': '', 'README.md': '# Sample' };
  const fileId = await upload(files);

  expect((await imported({ file_id: fileId })).readme).toBe('# Sample');
  expect(await upload(files)).toBe(fileId);
  const file = await request('GET', `/api/v2/files/${fileId}`, { headers: { 'coder-session-token': owner } });
  expect(file.headers.get('content-type')).toBe('application/x-tar');
  expect(await call('GET', `/files/${crypto.randomUUID()}`)).toMatchObject({ status: 404 });
});

test.each([
  ['application/zip', 'tar archives only'],
  ['text/plain', 'Unsupported content type header "text/plain".'],
])('an upload of %s is refused', async (type, message) => {
  const { owner, request } = await setUp();

  const answer = await request('POST', '/api/v2/files', {
    headers: { 'coder-session-token': owner, 'content-type': type },
    body: 'x',
  });

  expect(answer).toMatchObject({ status: 400, json: { message: expect.stringContaining(message) } });
});
