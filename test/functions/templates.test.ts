import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SAMPLE_TEMPLATE } from '../../infra/local/coder-v2-sample.ts';
import { image } from '../../infra/local/oci-image.ts';
import { addSampleRegistry, pushSampleImage, type SampleImage } from '../../infra/local/sample.ts';
import { openApiOf } from '../../shared/api/openapi/document.ts';
import { type App, startApp, until } from '../support/app.ts';
import { call } from '../support/bridge.ts';
import { activeVersion, coderOf, createTemplate } from '../support/coder-v2.ts';
import { HTTP_FUNCTIONS } from '../support/http-functions.ts';

interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}
interface Operation {
  operationId: string;
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

const document = JSON.parse(JSON.stringify(openApiOf(HTTP_FUNCTIONS)));
const validator = new Validator();
await validator.validate(structuredClone(document));
const { paths } = validator.resolveRefs({ specification: document }) as unknown as OpenApi;
const OPERATIONS = Object.values(paths).flatMap(operations => Object.values(operations));
const ajv = new Ajv2020({ strict: false });
formats.default(ajv);

const rules: object[] = [{ repository: 'samples/workspace', templates: [{ template: SAMPLE_TEMPLATE }] }];

let app: App;
let sample: SampleImage;
let organization: string;

beforeAll(async () => {
  app = await startApp({ coderGeneration: 'v2' });
  organization = app.environment.cloud.coder.organizationId;
  await addSampleRegistry(app.environment);
  sample = await pushSampleImage(app.environment, app.tls.ca);
});
afterAll(() => app.close());

const CALLS = {
  'templates-list': ['GET', ''],
  'templates-get': ['GET', ''],
  'templates-promote': ['POST', '/promote'],
  'templates-rollback': ['POST', '/rollback'],
} as const;
type Name = keyof typeof CALLS;

/** Calls a function, and expects its answer to be as the OpenAPI document says. */
async function ask(name: Name, template = '', query = '', from = app) {
  const [method, action] = CALLS[name];
  const at = template && `/${template.includes('/') ? template : `${organization}/${template}`}`;
  const { status, contentType, text } = await from.api(method, `templates${at}${action}${query}`);
  const json = JSON.parse(text);
  const responses = OPERATIONS.find(({ operationId }) => operationId === name)?.responses ?? {};
  const described = responses[status]?.content?.[contentType?.split(';')[0] ?? ''];
  expect(described, `${name} ${status} ${text}`).toBeDefined();
  const isDescribed = ajv.compile(described?.schema ?? {});
  expect(isDescribed(json) || isDescribed.errors, text).toBe(true);
  return { status, json };
}

const imageValue = (reference: string, digest: string) =>
  `${app.environment.cloud.standIns.registry.loginServer}/${reference}@${digest}`;
const activeImage = (template: string) => activeVersion(app.environment.cloud, template)?.image;

/** Pushes to the sample registry, and waits until the bridge says this of the image. */
async function pushed(reference: string, content: string, reason: string): Promise<string> {
  const digest = await app.push(reference, image({ content }));
  await until(async () => {
    const record = await app.record(reference);
    return record?.reason === reason && record.digest === digest;
  });
  return digest;
}

/** Makes a template, and adds a rule to the sample registry by which the images of `team/<template>` go there. */
async function connect(template: string, destination: object = {}): Promise<void> {
  const { cloud } = app.environment;
  await createTemplate(cloud, template);
  const { registry } = cloud;
  const { username, password } = registry.puller;
  rules.push({ repository: `team/${template}`, templates: [{ template, ...destination }] });
  const answer = await app.api('PUT', `registries/${registry.name}`, {
    resourceId: registry.resourceId,
    credential: { kind: 'static', username, password },
    policy: { rules },
  });
  expect(answer.status, answer.text).toBe(200);
}

describe('templates-list and templates-get', () => {
  test('show what the template names and what it is to name', async () => {
    const value = imageValue('samples/workspace:v1', sample.digest);
    const shown = {
      ...{ organization: 'coder', template: SAMPLE_TEMPLATE, exists: true },
      active: {
        version: activeVersion(app.environment.cloud, SAMPLE_TEMPLATE)?.name,
        createdOn: expect.any(String),
        createdBy: 'acr-bridge',
        variables: { image: value },
      },
      ...{ wanted: { image: value }, held: {}, outdatedWorkspaces: 0 },
    };

    expect(await ask('templates-list')).toEqual({ status: 200, json: { items: [shown] } });
    const [active, before] = [{ isActive: true }, { isActive: false, createdBy: 'owner' }];
    const versions = [active, before].map(version =>
      expect.objectContaining({ state: 'succeeded', createdOn: expect.any(String), ...version }),
    );
    // The organization by its id, by its name, and as the one that is the default.
    for (const called of [organization, 'coder', 'CODER', 'default']) {
      const name = `${called}/${SAMPLE_TEMPLATE}`;
      expect(await ask('templates-get', name)).toEqual({ status: 200, json: { ...shown, versions } });
    }
  });

  test('count the workspaces that were started from another version', async () => {
    await connect('counted');
    await pushed('team/counted:v1', 'one', 'template-updated');
    const { coder } = app.environment.cloud;
    const { templates } = coderOf(app.environment.cloud).state();
    const id = templates.find(({ settings }) => settings.name === 'counted')?.id;
    const asOwner = { 'coder-session-token': coder.ownerToken ?? '', 'content-type': 'application/json' };
    const workspace = { name: 'mine', template_id: id };
    await call(`${coder.url}/api/v2/users/me/workspaces`, 'POST', asOwner, workspace);
    expect((await ask('templates-get', 'counted')).json.outdatedWorkspaces).toBe(0);

    await pushed('team/counted:v2', 'two', 'template-updated');

    expect((await ask('templates-get', 'counted')).json.outdatedWorkspaces).toBe(1);
  });
});

describe('templates-rollback', () => {
  let [first, second] = ['', ''];
  const active = (tag: string, digest: string) => ({
    variables: { image: imageValue(`team/rolled:${tag}`, digest) },
  });

  test('promotes the version that was active before, and holds what was active', async () => {
    await connect('rolled');
    first = await pushed('team/rolled:v1', 'one', 'template-updated');
    second = await pushed('team/rolled:v2', 'two', 'template-updated');
    const held = { image: [imageValue('team/rolled:v2', second)] };

    const answered = await ask('templates-rollback', 'coder/rolled');
    const shown = { organization: 'coder', active: active('v1', first), wanted: {}, held };
    expect(answered).toMatchObject({ status: 200, json: shown });
    expect(answered.json.wanted).toEqual({});
    expect((await ask('templates-get', 'rolled')).json.held).toEqual(held);
    const record = await app.record('team/rolled:v2');
    expect(record).toMatchObject({ state: 'skipped', reason: 'held' });
    expect(record).not.toHaveProperty('coder.templates.0.version');
  });

  test('asked again, goes back to what a person had made active before the bridge, and then no further', async () => {
    const { json } = await ask('templates-rollback', 'rolled');

    expect(json.active).toMatchObject({ variables: { image: 'docker.io/codercom/example-base:ubuntu' } });
    const taken = { v2: second, v1: first };
    const held = Object.entries(taken).map(([tag, digest]) => imageValue(`team/rolled:${tag}`, digest));
    expect(json.held).toEqual({ image: held });
    expect(await ask('templates-rollback', 'rolled')).toMatchObject({
      status: 404,
      json: { reason: 'not-found' },
    });

    const { versions } = coderOf(app.environment.cloud).state();
    const value = imageValue('team/rolled:v1', first);
    const back = versions.find(({ variables }) => variables.some(variable => variable.value === value));
    const again = await ask('templates-rollback', 'rolled', `?to=${back?.id}`);
    expect(again.json).toMatchObject({
      active: active('v1', first),
      held: { image: [imageValue('team/rolled:v2', second)] },
    });
  });

  test('keeps the same digest away, whatever its tag', async () => {
    expect(await pushed('team/rolled:latest', 'two', 'held')).toBe(second);

    expect(activeImage('rolled')).toContain(first);
  });

  test('lets another digest through, which is held no longer', async () => {
    const third = await pushed('team/rolled:v3', 'three', 'template-updated');

    const { json } = await ask('templates-get', 'rolled');
    expect(json).toMatchObject({ active: { variables: { image: imageValue('team/rolled:v3', third) } } });
    expect(json.held).toEqual({});
  });

  test('promotes the version that is named', async () => {
    const { versions } = coderOf(app.environment.cloud).state();
    const value = imageValue('team/rolled:v1', first);
    const named = versions.find(({ variables }) => variables.some(variable => variable.value === value));

    const { status, json } = await ask('templates-rollback', 'rolled', `?to=${named?.name}`);

    expect(status).toBe(200);
    expect(json.active.version).toBe(named?.name);
    expect(activeImage('rolled')).toContain(first);
  });

  test('holds nothing when it goes forward to what is wished for', async () => {
    const { versions } = coderOf(app.environment.cloud).state();
    const newest = versions.filter(({ name }) => name.startsWith('acr-v3-')).at(-1);

    const { json } = await ask('templates-rollback', 'rolled', `?to=${newest?.id}`);

    expect(json).toMatchObject({ active: { version: newest?.name } });
    expect(json.held).toEqual({});
  });

  test('refuses a version that is not there, or was not built', async () => {
    coderOf(app.environment.cloud).controls.failNextImport('exit status 1');
    await pushed('team/rolled:v4', 'four', 'template-build-failed');
    const failed = coderOf(app.environment.cloud)
      .state()
      .versions.find(({ name }) => name.startsWith('acr-v4-'));

    for (const to of ['nowhere', failed?.name]) {
      expect(await ask('templates-rollback', 'rolled', `?to=${to}`)).toMatchObject({
        status: 404,
        json: { reason: 'not-found', detail: expect.stringContaining(`${to}`) },
      });
    }
    expect((await ask('templates-get', 'rolled')).json.failed).toMatchObject({
      reason: 'template-build-failed',
    });
  });

  test('neither holds nor goes back to what was never active', async () => {
    await connect('never', { promote: 'manual' });
    await pushed('team/never:v1', 'one', 'version-ready');
    await ask('templates-promote', 'never');
    const waiting = await pushed('team/never:v2', 'two', 'version-ready');
    const { version } = (await ask('templates-get', 'never')).json.building;

    expect(await ask('templates-rollback', 'never', `?to=${version}`)).toMatchObject({
      status: 404,
      json: { reason: 'not-found', detail: expect.stringContaining('never active') },
    });
    const { json } = await ask('templates-rollback', 'never');
    expect(json).toMatchObject({
      active: { variables: { image: 'docker.io/codercom/example-base:ubuntu' } },
      wanted: { image: imageValue('team/never:v2', waiting) },
    });
    expect(json.held.image).toEqual([expect.stringContaining(':v1@')]);
  });

  test('says of an image that was held before, and that it makes active again, that the template names it', async () => {
    await connect('older');
    await pushed('team/older:v1', 'one', 'template-updated');
    const second = await pushed('team/older:v2', 'two', 'template-updated');
    const { active } = (await ask('templates-get', 'older')).json;
    await ask('templates-rollback', 'older');
    await pushed('team/older:v3', 'three', 'template-updated');
    expect(await app.record('team/older:v2')).toMatchObject({ reason: 'held' });

    await ask('templates-rollback', 'older', `?to=${active.version}`);

    expect(activeImage('older')).toContain(second);
    expect(await app.record('team/older:v2')).toMatchObject({
      state: 'imported',
      coder: { templates: [{ version: active.version }] },
    });
    expect(await app.record('team/older:v3')).toMatchObject({ reason: 'held' });
  });
});

describe('templates-promote', () => {
  test('promotes what is built and verified and waits for a person', async () => {
    await connect('reviewed', { promote: 'manual' });
    const digest = await pushed('team/reviewed:v1', 'one', 'version-ready');
    const value = imageValue('team/reviewed:v1', digest);
    const waiting = await ask('templates-get', 'reviewed');
    expect(waiting.json).toMatchObject({ building: { state: 'ready', values: { image: value } } });
    expect(activeImage('reviewed')).not.toContain(digest);
    const { version } = waiting.json.building;
    expect(await app.record('team/reviewed:v1')).toMatchObject({ coder: { templates: [{ version }] } });

    const { status, json } = await ask('templates-promote', 'reviewed');

    expect(status).toBe(200);
    expect(json).toMatchObject({
      active: { version: waiting.json.building.version, variables: { image: value } },
    });
    expect(json.building).toBeUndefined();
    expect(activeImage('reviewed')).toBe(value);
    expect(await app.record('team/reviewed:v1')).toMatchObject({
      reason: 'template-updated',
      coder: { templates: [{ importMs: expect.any(Number) }] },
    });
  });

  test('archives older versions, as the rule says', async () => {
    await connect('tidy', { promote: 'manual', keepVersions: 1 });
    for (const [tag, content] of Object.entries({ v1: 'one', v2: 'two' })) {
      await pushed(`team/tidy:${tag}`, content, 'version-ready');
      expect((await ask('templates-promote', 'tidy')).status).toBe(200);
    }

    const { templates, versions } = coderOf(app.environment.cloud).state();
    const id = templates.find(({ settings }) => settings.name === 'tidy')?.id;
    const ours = versions.filter(({ name, templateId }) => templateId === id && name.startsWith('acr-'));
    expect(ours.map(({ archived }) => archived)).toEqual([true, false]);
  });

  test('refuses while the version is being built, and when there is none', async () => {
    await connect('early', { promote: 'manual' });
    const { controls } = coderOf(app.environment.cloud);
    expect(await ask('templates-promote', 'early')).toMatchObject({
      status: 409,
      json: { reason: 'nothing-to-promote' },
    });
    controls.holdImports('running');
    await pushed('team/early:v1', 'one', 'coder-building');
    expect((await ask('templates-get', 'early')).json).toMatchObject({ building: { state: 'building' } });

    expect(await ask('templates-promote', 'early')).toMatchObject({
      status: 409,
      json: { reason: 'conflict' },
    });

    // It was approved by then, so that it is promoted as soon as it is built.
    controls.releaseImports();
    await until(() => activeImage('early')?.startsWith(imageValue('team/early:v1', '')));
  });
});

test.each(['templates-get', 'templates-promote', 'templates-rollback'] as const)(
  '%s: a template that neither Coder nor the bridge knows is not found',
  async name => {
    for (const template of ['nowhere', 'elsewhere/nowhere']) {
      expect(await ask(name, template)).toMatchObject({ status: 404, json: { reason: 'not-found' } });
    }
  },
);

// Last, as no registry can be changed after that.
test('templates-list and templates-get show a template that a rule names and Coder no longer has', async () => {
  await connect('removed');
  coderOf(app.environment.cloud).controls.deleteTemplate('removed');

  const shown = { template: 'removed', exists: false, wanted: {} };
  expect(await ask('templates-get', 'removed')).toMatchObject({ status: 200, json: shown });
  const { items } = (await ask('templates-list')).json;
  expect(items).toContainEqual(expect.objectContaining(shown));
});

describe('with Coder Classic', () => {
  let classic: App;
  beforeAll(async () => {
    classic = await startApp();
  });
  afterAll(() => classic.close());

  test.each(Object.keys(CALLS) as Name[])('%s is refused, as it has no templates', async name => {
    const template = name === 'templates-list' ? '' : `coder/${SAMPLE_TEMPLATE}`;

    expect(await ask(name, template, '', classic)).toMatchObject({
      status: 409,
      json: { reason: 'no-templates' },
    });
  });
});

test('the setup guide shows what the active version of a template lacks', async () => {
  const { controls } = coderOf(app.environment.cloud);
  const pod = 'resource "kubernetes_pod" "main" {\n  image = "codercom/enterprise-base:ubuntu"\n}\n';
  controls.pushTemplate({ template: 'without-variable', files: { 'main.tf': pod } });
  await until(async () => activeVersion(app.environment.cloud, 'without-variable'));

  const { status, text } = await app.api(
    'GET',
    'registries/contoso/setup?template=without-variable&format=markdown',
  );

  expect(status).toBe(200);
  expect(text).toContain('```diff\n--- a/main.tf\n+++ b/main.tf\n');
  expect(text).toContain('+  image = var.image');
  expect(text).toContain('--scope template:create');
});

test('a retention policy of the registry that deletes named digests is found', async () => {
  const { arm } = app.environment.cloud.standIns;
  const { resourceId } = app.environment.cloud.registry;
  const find = async () => {
    const { text } = await app.api('GET', 'registries/contoso/diagnostics');
    const { findings } = JSON.parse(text) as { findings: { check: string; ok: boolean; reason: string }[] };
    return findings.find(({ check }) => check === 'digest-kept');
  };

  expect(await find()).toMatchObject({ ok: true });
  arm.changeRegistry(resourceId, { retentionDays: 7 });
  expect(await find()).toMatchObject({
    reason: 'retention-deletes-digests',
    message: expect.stringContaining('7 days after'),
    remedy: expect.stringContaining('--type UntaggedManifests'),
  });
});
