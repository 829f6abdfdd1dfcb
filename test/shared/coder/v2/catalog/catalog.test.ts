import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../../../../infra/local/oci-image.ts';
import { handleEvent } from '../../../../../shared/images/receive.ts';
import { sweep } from '../../../../../shared/images/sweep.ts';
import { reconcile } from '../../../../../shared/reconciliation/reconcile.ts';
import { type Bridge, call, deleteEvent, startBridge } from '../../../../support/bridge.ts';
import { activeVersion, coderOf, createTemplate, SAMPLE } from '../../../../support/coder-v2.ts';
import { damageRow } from '../../../../support/damage.ts';

let bridge: Bridge;
let person: Record<string, string>;

beforeAll(async () => {
  bridge = await startBridge({ coderGeneration: 'v2' });
  const { people } = coderOf(bridge.cloud);
  people.add({ username: 'anna', roles: ['owner'] });
  person = { 'coder-session-token': people.token('anna'), 'content-type': 'application/json' };
});
afterAll(() => bridge.close());

const soon = () => AbortSignal.timeout(20_000);

interface Entry {
  id: string;
  description: string;
  image: string;
  kept: boolean;
}

/** What a variable of the active version holds. */
function held(template: string, variable = 'images'): string {
  const { templates, versions } = coderOf(bridge.cloud).state();
  const active = templates.find(({ settings }) => settings.name === template)?.activeVersionId;
  const { variables = [] } = versions.find(({ id }) => id === active) ?? {};
  return variables.find(({ name }) => name === variable)?.value ?? '';
}
const offered = (template: string): Entry[] => JSON.parse(held(template));
const idsOf = (template: string) => offered(template).map(({ id }) => id);

/** A template whose catalog has the images of two repositories. */
async function connect(name: string, destination: object = {}): Promise<void> {
  await createTemplate(bridge.cloud, name);
  const templates = [{ template: name, as: 'catalog', ...destination }];
  const rules = [
    { repository: `${name}/gpu`, templates, onDelete: 'remove', defaults: { description: 'With a GPU' } },
    { repository: `${name}/*`, templates, onDelete: 'remove' },
  ];
  await bridge.put({ policy: { rules } });
}

async function push(reference: string, content = reference): Promise<string> {
  bridge.cloud.clock.advance(10_000);
  const digest = await bridge.push(reference, image({ content }));
  await bridge.pushed(reference);
  return digest;
}

async function remove(reference: string, digest: string): Promise<void> {
  const [repository = ''] = reference.split(':');
  await bridge.deleteManifest(repository, digest);
  bridge.cloud.clock.advance(10_000);
  const event = deleteEvent(bridge.cloud.registry.resourceId, repository, digest, new Date());
  await handleEvent(bridge.services, event, bridge.log);
  await later(0);
}

/** What is due after this number of minutes. */
async function later(minutes: number): Promise<void> {
  bridge.cloud.clock.advance(minutes * 60_000 + 1_000);
  await sweep(bridge.services, soon(), bridge.log);
}

async function startWorkspace(name: string, template: string, id: string): Promise<void> {
  const coder = coderOf(bridge.cloud);
  const template_id = coder.state().templates.find(({ settings }) => settings.name === template)?.id;
  const body = { name, template_id, rich_parameter_values: [{ name: 'image', value: id }] };
  await call(`${coder.url}/api/v2/users/me/workspaces`, 'POST', person, body);
}

async function deleteWorkspace(name: string): Promise<void> {
  const coder = coderOf(bridge.cloud);
  const workspace = () => coder.state().workspaces.find(found => found.name === name);
  const at = `${coder.url}/api/v2/workspaces/${workspace()?.id}/builds`;
  const request = () => call(at, 'POST', person, { transition: 'delete' }).catch(() => undefined);
  await expect
    .poll(async () => {
      bridge.cloud.clock.advance(1_000);
      if (!workspace()?.deleted) await request();
      return workspace()?.deleted;
    })
    .toBe(true);
}

test('people choose among the images of several repositories, in the order of the rules', async () => {
  await connect('choice');
  await push('choice/base:v1');
  await push('choice/base:v2');
  const digest = await push('choice/gpu:12.4');
  await push('choice/gpu:12.3');

  const { loginServer } = bridge.cloud.standIns.registry;
  expect(idsOf('choice')).toEqual(['choice/gpu:12.3', 'choice/gpu:12.4', 'choice/base:v2', 'choice/base:v1']);
  expect(offered('choice')[1]).toEqual({
    ...{ id: 'choice/gpu:12.4', name: 'choice/gpu:12.4', description: 'With a GPU', kept: false },
    image: `${loginServer}/choice/gpu:12.4@${digest}`,
  });
  expect(await bridge.record('choice/gpu:12.4')).toMatchObject({
    state: 'imported',
    reason: 'template-updated',
  });
  expect(held('choice', 'image')).toContain('example-base');
});

test('an image that a workspace uses stays until none does, and the next tag takes its place', async () => {
  await connect('used', { keepTags: 2 });
  for (const tag of ['v1', 'v2']) await push(`used/base:${tag}`);
  const digest = await push('used/base:v3');
  expect(idsOf('used')).toEqual(['used/base:v3', 'used/base:v2']);
  await startWorkspace('annas', 'used', 'used/base:v3');

  await remove('used/base:v3', digest);
  expect(await bridge.record('used/base:v3')).toMatchObject({
    ...{ state: 'pending', reason: 'tag-in-use' },
    message: 'The catalog of the template used keeps it: A workspace uses it.',
  });
  expect(idsOf('used')).toEqual(['used/base:v2', 'used/base:v1', 'used/base:v3']);
  expect(offered('used').map(({ kept }) => kept)).toEqual([false, false, true]);

  await deleteWorkspace('annas');
  await later(31);
  expect(idsOf('used')).toEqual(['used/base:v2', 'used/base:v1']);
  expect(await bridge.record('used/base:v3')).toMatchObject({
    state: 'removed',
    reason: 'removed-from-coder',
  });
});

test('a tag beyond those that are kept is left out, and says so', async () => {
  await connect('few', { keepTags: 1 });
  await push('few/base:v2');
  const at = new Date(bridge.cloud.clock.now().getTime() - 60_000);
  await bridge.push('few/base:v1', image({ content: 'few' }));
  await bridge.pushed('few/base:v1', { at });

  expect(await bridge.record('few/base:v1')).toMatchObject({ state: 'skipped', reason: 'not-chosen' });
  expect(idsOf('few')).toEqual(['few/base:v2']);
});

test('what the bridge may not look up counts as in use', async () => {
  await connect('blind');
  const digest = await push('blind/base:v1');
  await push('blind/base:v2');
  const { controls } = coderOf(bridge.cloud);
  controls.revokeRight('acr-bridge', 'workspace:read');

  await remove('blind/base:v1', digest);
  expect(await bridge.record('blind/base:v1')).toMatchObject({
    ...{ reason: 'tag-in-use', message: expect.stringContaining('workspace:read') },
  });
  expect(idsOf('blind')).toContain('blind/base:v1');

  controls.revokeRight('acr-bridge', 'workspace:read', true);
  await later(31);
  expect(idsOf('blind')).toEqual(['blind/base:v2']);
});

const preset = (name: string, id: string) =>
  `data "coder_workspace_preset" "${name}" {\n  name       = "${name}"\n  parameters = { image = "${id}" }\n}\n`;

test('what a preset of the template names stays, since Coder would refuse a version without it', async () => {
  await connect('preset');
  const digest = await push('preset/base:v1');
  await push('preset/base:v2');
  const source = `${await readFile(SAMPLE, 'utf8')}\n${preset('small', 'preset/base:v1')}`;
  // Coder checks presets with the values of the push alone.
  const variables = { namespace: 'coder', images: held('preset') };
  const { controls } = coderOf(bridge.cloud);
  const pushed = controls.pushTemplate({ template: 'preset', files: { 'main.tf': source }, variables });
  await expect.poll(() => activeVersion(bridge.cloud, 'preset')?.name).toBe(pushed.name);

  await remove('preset/base:v1', digest);
  expect(await bridge.record('preset/base:v1')).toMatchObject({
    ...{
      reason: 'tag-in-use',
      message: expect.stringContaining('The preset small of the template names it.'),
    },
  });
  expect(idsOf('preset')).toContain('preset/base:v1');
});

test('nothing leaves a catalog because what the bridge remembers is lost', async () => {
  await connect('lost');
  for (const reference of ['lost/base:v1', 'lost/base:v2', 'lost/gpu:v1']) await push(reference);
  const organization = coderOf(bridge.cloud).organizationId;
  await damageRow(bridge, ['images', '@templates', `${organization}|lost`], { rollout: '{"wishes":1}' });

  await push('lost/base:v3');
  expect(idsOf('lost')).toEqual(['lost/base:v3', 'lost/base:v2', 'lost/base:v1', 'lost/gpu:v1']);

  await bridge.services.reports.start('contoso', false);
  await reconcile(bridge.services, 'contoso', soon(), bridge.log);
  const digest = await push('lost/gpu:v2');
  const all = ['lost/gpu:v2', 'lost/gpu:v1', 'lost/base:v3', 'lost/base:v2', 'lost/base:v1'];
  expect(idsOf('lost')).toEqual(all);
  await remove('lost/gpu:v2', digest);
  expect(idsOf('lost')).toEqual(all.slice(1));
});

test('an image that a person took back stays away also when another is pushed, until it is replayed', async () => {
  await connect('back');
  await push('back/base:v1');
  await push('back/base:v2');
  const name = { organization: 'coder', template: 'back' };
  await bridge.services.templates?.rollBack(name, undefined, soon());
  expect(idsOf('back')).toEqual(['back/base:v1']);
  await later(1);
  expect(idsOf('back')).toEqual(['back/base:v1']);

  await push('back/gpu:v1');
  expect(idsOf('back')).toEqual(['back/gpu:v1', 'back/base:v1']);
  const { importAndFollow } = await import('../../../../../shared/images/follow.ts');
  const again = { registry: 'contoso', repository: 'back/base', tag: 'v2', inDoubt: true };
  await importAndFollow(bridge.services, again, soon(), bridge.log);
  expect(await bridge.record('back/base:v2')).toMatchObject({ state: 'skipped', reason: 'held' });
  bridge.cloud.clock.advance(10_000);
  await importAndFollow(bridge.services, { ...again, isRetry: true }, soon(), bridge.log);
  await later(0);
  expect(idsOf('back')).toContain('back/base:v2');
});

test('a list of a person stays as it is until another image is pushed', async () => {
  await connect('own');
  await push('own/base:v1');
  const theirs = JSON.stringify([{ id: 'mine', name: 'mine', description: '', image: 'docker.io/mine:1' }]);
  coderOf(bridge.cloud).controls.setVariable('own', 'images', theirs);
  await expect.poll(() => held('own')).toBe(theirs);

  const again = { registry: 'contoso', repository: 'own/base', tag: 'v1', inDoubt: true };
  const { importAndFollow } = await import('../../../../../shared/images/follow.ts');
  await importAndFollow(bridge.services, again, soon(), bridge.log);
  expect(held('own')).toBe(theirs);
  expect(await bridge.record('own/base:v1')).toMatchObject({ reason: 'held' });

  await push('own/base:v2');
  expect(idsOf('own')).toEqual(['own/base:v2', 'mine']);
});

test('a workspace that starts while a catalog is built keeps its image', async () => {
  await connect('race');
  const digest = await push('race/base:v1');
  await push('race/base:v2');
  const { controls } = coderOf(bridge.cloud);
  controls.holdImports('running');
  const impatient = { ...bridge.services, importBudgetMs: 1_500 };
  await bridge.deleteManifest('race/base', digest);
  bridge.cloud.clock.advance(10_000);
  const event = deleteEvent(bridge.cloud.registry.resourceId, 'race/base', digest, new Date());
  await handleEvent(impatient, event, bridge.log);
  expect(await bridge.record('race/base:v1')).toMatchObject({ state: 'pending', reason: 'coder-building' });
  await startWorkspace('quick', 'race', 'race/base:v1');

  controls.releaseImports();
  await later(1);

  expect(idsOf('race')).toEqual(['race/base:v2', 'race/base:v1']);
  expect(await bridge.record('race/base:v1')).toMatchObject({ reason: 'tag-in-use' });
});

test.each([
  ['keepTags without a catalog', [{ template: 'kubernetes', keepTags: 3 }], {}, 'keepTags'],
  [
    'a list and a single image in one variable',
    [
      { template: 'kubernetes', as: 'catalog' },
      { template: 'kubernetes', variable: 'images' },
    ],
    {},
    'templates[1]',
  ],
  ['sizes of an image', [{ template: 'kubernetes', as: 'catalog' }], { defaults: { diskGb: 2 } }, 'diskGb'],
])('a registry is refused with %s', async (_, templates, rule, path) => {
  const rules = [{ repository: 'team/one', templates, ...rule }];

  await expect(bridge.put({ policy: { rules } })).rejects.toSatisfy((error: unknown) =>
    `${error} ${JSON.stringify(error)}`.includes(path),
  );
});

test('a diagnosis finds a list that no parameter offers, and a right that is missing to see who uses an entry', async () => {
  await connect('checked');
  await push('checked/base:v1');
  const registry = await bridge.services.registries.get('contoso');
  const check = async (name: string) => {
    const found = bridge.services.target.checks().find(one => one.name === name);
    return registry && found?.run({ registry, signal: soon() });
  };
  expect(await check('coder-rights')).toMatchObject({ ok: true });
  expect(await check('template-variable')).toMatchObject({ ok: true });

  const { controls } = coderOf(bridge.cloud);
  controls.revokeRight('acr-bridge', 'workspace:read');
  expect(await check('coder-rights')).toMatchObject({
    message: 'The token lacks workspace:read on checked.',
  });
  controls.revokeRight('acr-bridge', 'workspace:read', true);

  const bare = 'variable "images" {\n  type    = string\n  default = "[]"\n}\n';
  const pushed = controls.pushTemplate({ template: 'checked', files: { 'main.tf': bare } });
  await expect.poll(() => activeVersion(bridge.cloud, 'checked')?.name).toBe(pushed.name);
  expect(await check('template-variable')).toMatchObject({ reason: 'catalog-not-offered' });
});

test('a template whose catalog the bridge remembers is known, although no rule names it and Coder lost it', async () => {
  await connect('lost');
  await push('lost/base:v1');
  await bridge.put({ policy: { rules: [] } });
  coderOf(bridge.cloud).controls.deleteTemplate('lost');

  const state = await bridge.services.templates?.get({ organization: 'coder', template: 'lost' }, soon());

  expect(state).toMatchObject({ template: 'lost', found: undefined });
});
