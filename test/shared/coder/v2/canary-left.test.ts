import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import { reconcile } from '../../../../shared/reconciliation/reconcile.ts';
import { tidyTarget } from '../../../../shared/reconciliation/tidy.ts';
import { deleteRegistry } from '../../../../shared/registries/delete.ts';
import { type Bridge, call, startBridge } from '../../../support/bridge.ts';
import { activeVersion, coderOf, createTemplate } from '../../../support/coder-v2.ts';

// What diagnoses and reconciliations find of canaries.

let bridge: Bridge;
beforeAll(async () => {
  bridge = await startBridge({ coderGeneration: 'v2' });
});
afterAll(() => bridge.close());

const soon = () => AbortSignal.timeout(20_000);
const idOfTemplate = (name: string) =>
  coderOf(bridge.cloud)
    .state()
    .templates.find(({ settings }) => settings.name === name)?.id;

const canaries = () =>
  coderOf(bridge.cloud)
    .state()
    .workspaces.filter(({ name, deleted }) => name.startsWith('acr-canary-') && !deleted);

const PLAIN = 'variable "image" {\n  type    = string\n  default = "ubuntu:24.04"\n}\n';

/** What the check of this name says of the registry. */
async function check(name: string, registry: Awaited<ReturnType<Bridge['put']>>) {
  const found = bridge.services.target.checks().find(one => one.name === name);
  return found?.run({ registry, signal: soon() });
}

/** What a reconciliation finds. */
async function reconcileNow(): Promise<string[]> {
  const { services, log } = bridge;
  await services.reports.start('contoso', false);
  await reconcile(services, 'contoso', soon(), log);
  const { findings = [] } = (await services.reports.get('contoso')) ?? {};
  return findings.map(({ tag, difference }) => `${tag} ${difference}`);
}

test('where a canary is declared, and only there, the rights to make and delete workspaces are needed', async () => {
  const { controls } = coderOf(bridge.cloud);
  await createTemplate(bridge.cloud, 'rights', PLAIN);
  const declare = (canary?: object) => {
    const templates = [{ template: 'rights', ...(canary && { canary }) }];
    return bridge.put({ policy: { rules: [{ repository: 'team/rights', templates }] } });
  };
  expect(await check('coder-rights', await declare({}))).toMatchObject({ ok: true });
  for (const right of ['workspace:create', 'workspace:delete']) {
    controls.revokeRight('acr-bridge', right);
    expect(await check('coder-rights', await declare())).toMatchObject({ ok: true });
    expect(await check('coder-rights', await declare({}))).toMatchObject({
      reason: 'coder-right-missing',
      message: `The token lacks ${right} on rights.`,
      remedy: expect.stringContaining('coder:workspaces.create'),
    });
    controls.revokeRight('acr-bridge', right, true);
  }
});

test('a canary that was left is found, by its check too, and deleted', async () => {
  const { cloud } = bridge;
  const coder = coderOf(cloud);
  await createTemplate(cloud, 'left', PLAIN);
  const rules = [{ repository: 'team/left', templates: [{ template: 'left', canary: {} }] }];
  const registry = await bridge.put({ policy: { rules } });
  await bridge.push('team/left:v1', image());
  await bridge.pushed('team/left:v1');
  const said = async () => (await check('canary-left', registry))?.message;
  expect(activeVersion(cloud, 'left')?.image).toContain('team/left:v1');
  expect(canaries()).toEqual([]);
  expect(await said()).toContain('no canary');

  // As one that Coder could not delete in time.
  const body = { name: 'acr-canary-12345678', template_id: idOfTemplate('left') };
  const headers = { 'coder-session-token': cloud.coder.token };
  await call(`${coder.url}/api/v2/users/me/workspaces`, 'POST', headers, body);
  await expect.poll(() => canaries()[0]?.builds[0]?.job.status, { interval: 10 }).toBe('succeeded');
  expect(await said()).toContain('no canary');
  cloud.clock.advance(16 * 60_000);

  expect(await said()).toBe('Coder still has acr-canary-12345678 of left.');
  expect(await reconcileNow()).toEqual(['v1 canary-left']);
  await expect.poll(canaries, { interval: 10 }).toEqual([]);
  expect(await reconcileNow()).toEqual([]);
  expect(await said()).toContain('no canary');
});

test.each<[string, () => Promise<unknown>]>([
  ['rule', () => bridge.put()],
  ['registry', () => deleteRegistry(bridge.services, 'contoso', {})],
])('a canary whose %s is removed while it runs is deleted, and then forgotten', async (what, remove) => {
  const { cloud, services, log } = bridge;
  const template = `removed-${what}`;
  // Nothing is where its container's image should be, so that it waits for its agent.
  const waiting = `${PLAIN}resource "coder_agent" "main" {
  arch = "amd64"
  os   = "linux"
}
resource "kubernetes_pod" "main" {
  image = "localhost:1/team/base:1"
}
`;
  await createTemplate(cloud, template, waiting);
  const rules = [{ repository: `team/${what}`, templates: [{ template, canary: {} }] }];
  await bridge.put({ policy: { rules } });
  await bridge.push(`team/${what}:v1`, image({ content: what }));
  const tidy = () => tidyTarget(services, soon(), log);
  const handled = bridge.pushed(`team/${what}:v1`);
  await expect.poll(() => canaries()[0]?.builds[0]?.job.status, { interval: 10 }).toBe('succeeded');
  await remove();
  await handled;
  await tidy();
  expect(canaries()).toHaveLength(1);

  cloud.clock.advance(46 * 60_000);
  await tidy();
  await expect.poll(canaries, { interval: 10 }).toEqual([]);
  await tidy();

  for await (const { name, building } of services.templates?.remembered() ?? [])
    if (name?.template === template) expect(building?.canary).toBeUndefined();
  expect.hasAssertions();
});
