import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import { importImage } from '../../../../shared/images/import.ts';
import { handleEvent } from '../../../../shared/images/receive.ts';
import { replay } from '../../../../shared/images/replay.ts';
import { sweep } from '../../../../shared/images/sweep.ts';
import { reconcile } from '../../../../shared/reconciliation/reconcile.ts';
import { type Bridge, deleteEvent, startBridge } from '../../../support/bridge.ts';
import { activeVersion, coderOf, createTemplate } from '../../../support/coder-v2.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge({ coderGeneration: 'v2' });
});
afterEach(() => bridge.clearFaults());
afterAll(() => bridge.close());

const templateOf = (name: string) => ({ template: name });
const soon = () => AbortSignal.timeout(20_000);
const activeImage = (template: string) => activeVersion(bridge.cloud, template)?.image;
const ours = (template: string) =>
  coderOf(bridge.cloud)
    .state()
    .versions.filter(version => version.name.startsWith('acr-') && version.templateId === idOf(template));
const idOf = (template: string) =>
  coderOf(bridge.cloud)
    .state()
    .templates.find(({ settings }) => settings.name === template)?.id;

/** A template of its own, fed by a repository of its own. */
async function connect(name: string, more: { rule?: object; destination?: object } = {}): Promise<void> {
  await createTemplate(bridge.cloud, name);
  const destination = { ...templateOf(name), ...more.destination };
  const rules = [{ repository: `team/${name}`, templates: [destination], ...more.rule }];
  await bridge.put({ policy: { rules } });
}

const pushOf = (name: string, tag: string) => ({
  ...{ registry: 'contoso', repository: `team/${name}`, tag, heardBy: 'event' as const },
});

/** Until this number of versions of the bridge has been imported. */
async function settleAt(template: string, versions: number): Promise<void> {
  const done = () => ours(template).filter(({ job }) => job.status === 'succeeded').length;
  await expect.poll(done, { interval: 10 }).toBe(versions);
}

/** What a reconciliation finds in the repository. */
async function reconcileNow(name: string): Promise<string[]> {
  const { services, log } = bridge;
  await services.reports.start('contoso', false);
  await reconcile(services, 'contoso', soon(), log);
  const { findings = [] } = (await services.reports.get('contoso')) ?? {};
  const found = findings.filter(({ repository }) => repository === `team/${name}`);
  return found.map(({ tag, difference }) => `${tag} ${difference}`);
}

test('a pushed image is in the promoted version of the template when its event is answered', async () => {
  await connect('arrives');
  const digest = await bridge.push('team/arrives:v1', image());

  await bridge.pushed('team/arrives:v1');

  const value = `${bridge.cloud.standIns.registry.loginServer}/team/arrives:v1@${digest}`;
  expect(activeImage('arrives')).toBe(value);
  expect(await bridge.record('team/arrives:v1')).toMatchObject({
    ...{ state: 'imported', reason: 'template-updated', digest },
    memo: { coder: { templates: [{ template: 'arrives', variable: 'image', reason: 'template-updated' }] } },
  });

  const moved = await bridge.push('team/arrives:v1', image({ content: 'two' }));
  await bridge.pushed('team/arrives:v1');
  expect(activeImage('arrives')).toContain(moved);
});

test('a push costs 14 requests to Coder, and one more for each look that finds its import still running', async () => {
  await connect('counted');
  await bridge.push('team/counted:v1', image());
  const { requests } = coderOf(bridge.cloud);
  requests.clear();

  await bridge.pushed('team/counted:v1');

  const calls = requests.all();
  const [version] = ours('counted');
  const looks = calls.filter(
    ({ method, path }) => method === 'GET' && path.endsWith(`/templateversions/${version?.id}`),
  );
  expect(looks.length).toBeGreaterThan(0);
  // The last look finds that the import has ended.
  expect(calls.length - (looks.length - 1)).toBe(14);
});

test('three tags of one digest make one version', async () => {
  await connect('tags');
  for (const tag of ['1.4.2', '1.4', 'latest'])
    await bridge.push(`team/tags:${tag}`, image({ content: 'same' }));

  await Promise.all(['1.4.2', '1.4', 'latest'].map(tag => bridge.pushed(`team/tags:${tag}`)));

  expect(ours('tags')).toHaveLength(1);
  for (const tag of ['1.4.2', '1.4', 'latest']) {
    expect(await bridge.record(`team/tags:${tag}`)).toMatchObject({ state: 'imported' });
  }
});

test('twenty pushes while an import runs make two versions, and the last digest is active', async () => {
  await connect('burst');
  const { controls } = coderOf(bridge.cloud);
  controls.holdImports('running');
  const at = bridge.cloud.clock.now().getTime();
  let last = '';
  for (let i = 0; i < 20; i += 1) {
    last = await bridge.push(`team/burst:v${i}`, image({ content: `burst ${i}` }));
    await importImage(bridge.services, { ...pushOf('burst', `v${i}`), pushedOn: new Date(at + i) }, soon());
  }
  expect(ours('burst').map(({ job }) => job.status)).toEqual(['running']);
  controls.releaseImports();
  await settleAt('burst', 1);
  // By then what came meanwhile has waited long enough for more of its kind.
  bridge.cloud.clock.advance(10_000);
  await sweep(bridge.services, soon(), bridge.log);

  expect(ours('burst').map(({ archived }) => archived)).toEqual([false, false]);
  expect(activeImage('burst')).toContain(last);
  expect(await bridge.record('team/burst:v19')).toMatchObject({ state: 'imported' });
  expect(await bridge.record('team/burst:v3')).toMatchObject({ state: 'skipped', reason: 'not-chosen' });
});

test('two rules that call one organization differently have one memory of the template', async () => {
  await createTemplate(bridge.cloud, 'shared');
  const { organizationId } = coderOf(bridge.cloud);
  const templates = (organization: string, template: string, variable: string) => [
    { organization, template, variable },
  ];
  const rules = [
    { repository: 'team/shared', templates: templates('coder', 'shared', 'image') },
    { repository: 'team/secret', templates: templates(organizationId, 'Shared', 'pull_secret') },
  ];
  await bridge.put({ policy: { rules } });
  for (const name of ['shared', 'secret']) {
    await bridge.push(`team/${name}:v1`, image({ content: name }));
    await bridge.pushed(`team/${name}:v1`);
  }

  const states = ['coder', 'Coder', organizationId, 'default'].map(organization =>
    bridge.services.templates?.get({ organization, template: 'shared' }, soon()),
  );
  for (const state of await Promise.all(states)) {
    expect(state).toMatchObject({ organization: { name: 'coder' }, template: 'shared' });
    expect(Object.keys(state?.rollout.wishes ?? {})).toEqual(['image', 'pull_secret']);
  }
  expect(await bridge.services.templates?.list(soon())).toHaveLength(1);
  const twice = rules.map(rule => ({ ...rule, templates: templates('default', 'SHARED', 'image') }));
  await expect(
    bridge.put({ policy: { rules: [rules[0] as object, twice[1] as object] } }),
  ).rejects.toMatchObject({ faults: [{ message: expect.stringContaining('take turns') }] });
});

test('the tag that was pushed last is named, though an earlier event of that tag brought its digest', async () => {
  await connect('late');
  const at = bridge.cloud.clock.now().getTime() - 10_000;
  const moved = await bridge.push('team/late:v1', image({ content: 'moved' }));
  await bridge.push('team/late:v2', image({ content: 'between' }));
  const wait = async (ms: number) => bridge.cloud.clock.advance(ms);
  const services = { ...bridge.services, wait };
  await bridge.pushed('team/late:v1', { services, at: new Date(at) });
  await bridge.pushed('team/late:v2', { services, at: new Date(at + 1_000) });
  await bridge.pushed('team/late:v1', { services, at: new Date(at + 2_000) });

  expect(activeImage('late')).toContain(moved);
});

test('an import that outlasts the event is looked after by the sweep', async () => {
  await connect('slow');
  const { controls } = coderOf(bridge.cloud);
  const digest = await bridge.push('team/slow:v1', image());
  controls.holdImports('running');
  const impatient = { ...bridge.services, importBudgetMs: 1_500 };
  await bridge.pushed('team/slow:v1', { services: impatient });
  expect(await bridge.record('team/slow:v1')).toMatchObject({ state: 'pending', reason: 'coder-building' });

  controls.releaseImports();
  await sweep(bridge.services, soon(), bridge.log);

  expect(activeImage('slow')).toContain(digest);
  expect(await bridge.record('team/slow:v1')).toMatchObject({ state: 'imported', attempts: 0 });
});

describe('what a person took back', () => {
  test('is held when its image is looked at again, until it is replayed', async () => {
    await connect('held');
    const first = await bridge.push('team/held:v1', image({ content: 'one' }));
    await bridge.pushed('team/held:v1');
    const second = await bridge.push('team/held:v1', image({ content: 'two' }));
    await bridge.pushed('team/held:v1');
    const name = { organization: 'default', template: 'held' };

    await bridge.services.templates?.rollBack(name, undefined, soon());
    expect(activeImage('held')).toContain(first);
    await bridge.pushed('team/held:v1', { at: new Date() });
    expect(activeImage('held')).toContain(first);

    const image_ = { registry: 'contoso', repository: 'team/held', tag: 'v1', inDoubt: true, isRetry: true };
    const { importAndFollow } = await import('../../../../shared/images/follow.ts');
    await importAndFollow(bridge.services, image_, soon(), bridge.log);
    expect(activeImage('held')).toContain(second);
  });

  test('stays away when all images with a reason are replayed, though it came under another tag', async () => {
    await connect('kept');
    const first = await bridge.push('team/kept:v1', image({ content: 'one' }));
    await bridge.pushed('team/kept:v1');
    await bridge.push('team/kept:v2', image({ content: 'two' }));
    await bridge.pushed('team/kept:v2');
    await bridge.services.templates?.rollBack(
      { organization: 'default', template: 'kept' },
      undefined,
      soon(),
    );
    coderOf(bridge.cloud).faults.add({ status: 503 });
    await bridge.push('team/kept:v3', image({ content: 'two' }));
    await bridge.pushed('team/kept:v3');
    expect(await bridge.record('team/kept:v3')).toMatchObject({
      state: 'pending',
      reason: 'coder-unavailable',
    });
    bridge.clearFaults();

    await replay(bridge.services, 'contoso', 'coder-unavailable', soon());
    await sweep(bridge.services, soon(), bridge.log);

    expect(await bridge.record('team/kept:v3')).toMatchObject({ state: 'skipped', reason: 'held' });
    expect(activeImage('kept')).toContain(first);
  });
});

test('the record of an image that is held no longer is written anew once', async () => {
  await connect('ended');
  await bridge.push('team/ended:v1', image({ content: 'one' }));
  await bridge.pushed('team/ended:v1');
  await bridge.push('team/ended:v2', image({ content: 'two' }));
  await bridge.pushed('team/ended:v2');
  await bridge.services.templates?.rollBack(
    { organization: 'default', template: 'ended' },
    undefined,
    soon(),
  );
  expect(await reconcileNow('ended')).toEqual(['v2 template-rolled-back']);
  expect(await bridge.record('team/ended:v2')).toMatchObject({ state: 'skipped', reason: 'held' });
  expect(await reconcileNow('ended')).toEqual([]);
  await bridge.push('team/ended:v3', image({ content: 'three' }));
  await bridge.pushed('team/ended:v3');

  expect(await reconcileNow('ended')).toEqual(['v2 hold-ended']);

  expect(await bridge.record('team/ended:v2')).toMatchObject({ state: 'skipped', reason: 'not-chosen' });
  expect(await reconcileNow('ended')).toEqual([]);
});

test('a version that waits for a person is promoted when one asks for it', async () => {
  await connect('manual', { destination: { promote: 'manual' } });
  const digest = await bridge.push('team/manual:v1', image());
  await bridge.pushed('team/manual:v1');
  expect(await bridge.record('team/manual:v1')).toMatchObject({ state: 'imported', reason: 'version-ready' });
  expect(activeImage('manual')).not.toContain(digest);

  const name = { organization: 'coder', template: 'manual' };
  await bridge.services.templates?.promote(name, soon());

  expect(activeImage('manual')).toContain(digest);
});

test('a tag that is deleted gives way to the next best, and the last one stays', async () => {
  await connect('deleted', { rule: { onDelete: 'remove' } });
  const first = await bridge.push('team/deleted:v1', image({ content: 'one' }));
  await bridge.pushed('team/deleted:v1');
  bridge.cloud.clock.advance(1_000);
  const second = await bridge.push('team/deleted:v2', image({ content: 'two' }));
  await bridge.pushed('team/deleted:v2');
  const remove = async (digest: string) => {
    await bridge.deleteManifest('team/deleted', digest);
    const event = deleteEvent(bridge.cloud.registry.resourceId, 'team/deleted', digest, new Date());
    await handleEvent(bridge.services, event, bridge.log);
    await sweep(bridge.services, soon(), bridge.log);
  };

  await remove(second);
  expect(await bridge.record('team/deleted:v2')).toMatchObject({
    state: 'removed',
    reason: 'template-fell-back',
  });
  expect(activeImage('deleted')).toContain(first);
  await remove(first);
  expect(await bridge.record('team/deleted:v1')).toMatchObject({ state: 'removed', reason: 'last-image' });
  expect(activeImage('deleted')).toContain(first);
});

test('a last image that the policy leaves out is reported once, and gives way to the next push', async () => {
  await connect('last', { rule: { onDelete: 'remove', defaultTag: 'first' } });
  const first = await bridge.push('team/last:v1', image({ content: 'one' }));
  await bridge.pushed('team/last:v1');
  const templates = [templateOf('last')];
  const rules = [
    { repository: 'team/last', tag: { glob: 'v1' }, action: 'exclude', onDelete: 'remove' },
    { repository: 'team/last', templates, onDelete: 'remove', defaultTag: 'first' },
  ];
  await bridge.put({ policy: { rules } });

  expect(await reconcileNow('last')).toEqual(['v1 policy-changed']);
  expect(activeImage('last')).toContain(first);
  expect(await reconcileNow('last')).toEqual([]);

  const second = await bridge.push('team/last:v2', image({ content: 'two' }));
  await bridge.pushed('team/last:v2');
  expect(activeImage('last')).toContain(second);
});

test('a digest that a template names and the registry purged is reported as that, each time', async () => {
  await connect('purged', { destination: { reference: 'digest' } });
  const first = await bridge.push('team/purged:v1', image({ content: 'one' }));
  await bridge.pushed('team/purged:v1');
  await bridge.push('team/purged:v1', image({ content: 'two' }));
  await bridge.pushed('team/purged:v1');
  await bridge.services.templates?.rollBack({ organization: 'coder', template: 'purged' }, undefined, soon());
  expect(await reconcileNow('purged')).toEqual(['v1 template-rolled-back']);
  expect(await reconcileNow('purged')).toEqual([]);

  // As a purge of manifests without a tag does.
  await bridge.deleteManifest('team/purged', first);

  for (const _ of ['once', 'again']) {
    expect(await reconcileNow('purged')).toEqual(['v1 digest-purged']);
  }
  expect(activeImage('purged')).toContain(first);
});

describe('a registry is refused', () => {
  test.each([
    ['a template that is not there', [{ template: 'nowhere' }], {}, 'policy.rules[0].templates[0].template'],
    [
      'a variable that is not there',
      [{ template: 'kubernetes', variable: 'imge' }],
      {},
      'templates[0].variable',
    ],
    [
      'several repositories for one variable',
      [{ template: 'kubernetes' }],
      { repository: 'team/*' },
      'templates[0].template',
    ],
    [
      'words of Coder Classic',
      [{ template: 'kubernetes' }],
      { defaults: { cpuCores: 2 } },
      'policy.rules[0].defaults',
    ],
  ])('with %s', async (_, templates, rule, path) => {
    const rules = [{ repository: 'team/one', templates, ...rule }];

    await expect(bridge.put({ policy: { rules } })).rejects.toMatchObject({
      faults: [expect.objectContaining({ path: expect.stringContaining(path) })],
    });
  });
});

test('an image that no template is named for is left out, and says so', async () => {
  await bridge.put({ policy: { rules: [] } });
  await bridge.push('team/nowhere:v1', image());

  await bridge.pushed('team/nowhere:v1');

  expect(await bridge.record('team/nowhere:v1')).toMatchObject({ state: 'skipped', reason: 'no-template' });
  expect(await reconcileNow('nowhere')).toEqual([]);
  await connect('nowhere');
  expect(await reconcileNow('nowhere')).toEqual(['v1 policy-changed']);
  expect(await bridge.record('team/nowhere:v1')).not.toMatchObject({ reason: 'no-template' });
});

test('no secret is in any request to Coder', () => {
  const asked = JSON.stringify(coderOf(bridge.cloud).requests.all());
  expect(asked).not.toContain(bridge.cloud.registry.puller.password);
});
