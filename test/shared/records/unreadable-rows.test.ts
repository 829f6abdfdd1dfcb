import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { image } from '../../../infra/local/oci-image.ts';
import { problemOf } from '../../../shared/api/problem.ts';
import { UnreadableRowError } from '../../../shared/errors.ts';
import { importRequested } from '../../../shared/images/import-requested.ts';
import { handleEvent } from '../../../shared/images/receive.ts';
import { sweep } from '../../../shared/images/sweep.ts';
import { timeLimit } from '../../../shared/lib/time-limit.ts';
import { reconcile } from '../../../shared/reconciliation/reconcile.ts';
import { reconcileDue } from '../../../shared/reconciliation/timer.ts';
import { deleteRegistry } from '../../../shared/registries/delete.ts';
import { rotateDue } from '../../../shared/rotation/timer.ts';
import { type Bridge, pushEvent, split, startBridge } from '../../support/bridge.ts';
import { damageRow, deleteRow } from '../../support/damage.ts';

let bridge: Bridge;
const FABRIKAM = ['registries', 'registry', 'fabrikam'] as const;
const IMAGE = ['images', 'contoso', 'team|app:v1'] as const;
const NEWER = { version: 99 };
const other = () => bridge.cloud.otherRegistries[0] as (typeof bridge.cloud.otherRegistries)[number];
const logged = (text: string) => bridge.logged.filter(line => line.startsWith(text));

beforeAll(async () => {
  bridge = await startBridge({ registries: ['fabrikam'] });
});
beforeEach(async () => {
  await bridge.put();
  await bridge.put({ resourceId: other().resourceId }, 'fabrikam');
  bridge.logged.length = 0;
});
afterEach(() => bridge.clearFaults());
afterAll(() => bridge.close());

describe.each<[string, Record<string, unknown>]>([
  ['has another type in a column', { loginServer: 5 }],
  ['has a policy that is not JSON', { policy: '{"rules"' }],
  ['has a policy without rules', { policy: '{}' }],
  ['has a credential of an unknown kind', { credential: '{"kind":"later"}' }],
  ['has an odd state of its credential', { rotation: '{"current":{"username":1}}' }],
  ['has odd templates', { templates: '[{"template":5}]' }],
  ['was written by a newer release', NEWER],
])('a row of a registry that %s', (_, columns) => {
  let repair: () => Promise<void>;
  beforeEach(async () => {
    repair = await damageRow(bridge, FABRIKAM, columns);
  });
  afterEach(() => repair());

  test('is left out of lists, and GET says why', async () => {
    const { registries } = bridge.anotherInstance();
    const error = await registries.get('fabrikam').catch(thrown => thrown);

    expect((await registries.list({ limit: 10 })).items.map(({ name }) => name)).toEqual(['contoso']);
    expect(error).toBeInstanceOf(UnreadableRowError);
    expect(problemOf(error)).toMatchObject({
      ...{ status: 500, reason: 'record-unreadable', remedy: expect.stringContaining('PUT or DELETE') },
      detail: expect.stringContaining('registry/fabrikam'),
    });
  });

  test('stops no event and no timer of another registry', async () => {
    const services = bridge.anotherInstance();
    await bridge.push('still/here:v1', image());
    await bridge.pushed('still/here:v1', { services });
    await sweep(services, timeLimit(20_000), bridge.log);
    await reconcileDue(services, timeLimit(20_000), bridge.log);
    await rotateDue(services, timeLimit(20_000), bridge.log);

    expect(await bridge.record('still/here:v1')).toMatchObject({ state: 'imported' });
    expect(logged('sweep ')).toEqual(['sweep {"registries":1}']);
    expect(logged('credential ')).toEqual([expect.stringContaining('contoso')]);
  });

  test('leaves its own events to be delivered again', async () => {
    const event = pushEvent(other().resourceId, 'team/app:v1', bridge.cloud.clock.now());

    await expect(handleEvent(bridge.anotherInstance(), event, bridge.log)).rejects.toThrow(
      'registry/fabrikam',
    );
  });

  test('is replaced by a PUT', async () => {
    expect(await bridge.put({ resourceId: other().resourceId }, 'fabrikam')).toMatchObject({
      loginServer: other().standIn.loginServer,
    });
    expect(await bridge.services.registries.get('fabrikam')).toBeDefined();
  });

  test('is deleted by a DELETE', async () => {
    await deleteRegistry(bridge.services, 'fabrikam', {});

    expect(await bridge.services.registries.get('fabrikam')).toBeUndefined();
  });
});

test('a PUT of another registry with the same resource id names the row that cannot be read', async () => {
  const repair = await damageRow(bridge, FABRIKAM, { sku: 5 });

  await expect(bridge.put({ resourceId: other().resourceId }, 'again')).rejects.toThrow('registry/fabrikam');
  await repair();
});

describe('an image', () => {
  beforeEach(async () => {
    await bridge.push('team/app:v1', image());
    await bridge.push('team/app:v2', image({ content: 'two' }));
    await bridge.pushed('team/app:v1');
    await bridge.pushed('team/app:v2');
  });

  const ODD: [string, Record<string, unknown>][] = [
    ['state', { state: 'odd' }],
    ['push', { pushedOn: 'yesterday' }],
    ['memo', { memo: '{"coderImageId":5}' }],
    ['request', { requested: 'null' }],
  ];

  test.each([...ODD, ['version', NEWER]] as typeof ODD)(
    'with an odd %s is left out of lists and replays, and GET says why',
    async (_, columns) => {
      const repair = await damageRow(bridge, IMAGE, columns);
      const { images } = bridge.services;

      const { items } = await images.list({ registry: 'contoso' }, { limit: 50 });
      const tags = items.filter(({ repository }) => repository === 'team/app').map(({ tag }) => tag);
      expect(tags).not.toContain('v1');
      await expect(images.get('contoso', split('team/app:v1'))).rejects.toThrow('contoso/team|app:v1');
      const found: string[] = [];
      for await (const { row } of images.unreadable('contoso')) found.push(row);
      expect(found).toEqual(['contoso/team|app:v1']);
      await repair();
    },
  );

  test.each(ODD)('with an odd %s is written anew by a push, and by a comparison', async (_, columns) => {
    await damageRow(bridge, IMAGE, columns);
    await bridge.pushed('team/app:v1');
    expect(await bridge.record('team/app:v1')).toMatchObject({ state: 'imported' });

    await damageRow(bridge, IMAGE, columns);
    await bridge.services.reports.start('contoso', false);
    await reconcile(bridge.services, 'contoso', timeLimit(20_000), bridge.log);
    expect(await bridge.record('team/app:v1')).toMatchObject({ state: 'imported' });
  });

  test('of which nothing is left but a damaged record is written down as gone by a comparison', async () => {
    await bridge.deleteManifest('team/app', (await bridge.record('team/app:v1'))?.digest as string);
    await damageRow(bridge, IMAGE, { state: 'odd' });
    await bridge.services.reports.start('contoso', false);
    await reconcile(bridge.services, 'contoso', timeLimit(20_000), bridge.log);

    expect(await bridge.record('team/app:v1')).toMatchObject({ state: 'removed', reason: 'gone' });
  });

  test('that a newer release wrote stops no comparison, and is written anew for a person alone', async () => {
    await damageRow(bridge, IMAGE, NEWER);
    await bridge.untag('team/app:v2');
    await bridge.services.reports.start('contoso', false);
    await reconcile(bridge.services, 'contoso', timeLimit(20_000), bridge.log);

    expect(await bridge.services.reports.get('contoso')).toMatchObject({ state: 'completed' });
    expect(await bridge.record('team/app:v2')).toMatchObject({ state: 'removed' });
    await expect(bridge.pushed('team/app:v1')).rejects.toThrow('newer release');
    const input = { registry: 'contoso', ...split('team/app:v1') };
    await importRequested(bridge.services, input, timeLimit(20_000), bridge.log);
    expect(await bridge.record('team/app:v1')).toMatchObject({ state: 'imported' });
  });

  test('whose reason a later release made is shown, without a meaning', async () => {
    const repair = await damageRow(bridge, IMAGE, { state: 'skipped', reason: 'later' });
    const { imageView } = await import('../../../shared/api/views/image.ts');
    const record = await bridge.record('team/app:v1');

    expect(record && imageView(record)).toMatchObject({ reason: 'later', meaning: undefined });
    await repair();
  });
});

describe('a pending image', () => {
  const dueRows = async () => {
    const found: string[] = [];
    for await (const { tag } of bridge.services.images.waiting('contoso')) found.push(tag);
    return found;
  };
  beforeEach(async () => {
    await bridge.push('waiting/app:v1', image({ content: crypto.randomUUID() }));
    bridge.cloud.standIns.coder.faults.add({ status: 503 });
    await bridge.pushed('waiting/app:v1');
    bridge.clearFaults();
  });

  test('that lost its due row is taken up by the next comparison', async () => {
    const { dueOn } = (await bridge.record('waiting/app:v1')) ?? {};
    await deleteRow(bridge, ['images', 'contoso', `!${dueOn?.toISOString()}!waiting|app:v1`]);

    await bridge.services.reports.start('contoso', false);
    await reconcile(bridge.services, 'contoso', timeLimit(20_000), bridge.log);

    expect(await bridge.record('waiting/app:v1')).toMatchObject({ state: 'imported' });
    expect(await bridge.services.reports.get('contoso')).toMatchObject({
      findings: [{ tag: 'v1', difference: 'forgotten', state: 'imported' }],
    });
  });

  test('that has its due row is left to the sweep', async () => {
    await bridge.services.reports.start('contoso', false);
    await reconcile(bridge.services, 'contoso', timeLimit(20_000), bridge.log);

    expect(await bridge.services.reports.get('contoso')).toMatchObject({ findings: [] });
    expect(await dueRows()).toEqual(['v1']);
  });

  test('of which the record is damaged is tried when it is due, and leaves no due row', async () => {
    await damageRow(bridge, ['images', 'contoso', 'waiting|app:v1'], { state: 'odd' });
    bridge.cloud.clock.advance(3_600_000);

    await sweep(bridge.services, timeLimit(20_000), bridge.log);
    expect(await bridge.record('waiting/app:v1')).toMatchObject({ state: 'imported' });
    await sweep(bridge.services, timeLimit(20_000), bridge.log);
    expect(await dueRows()).toEqual([]);
  });
});

test('a damaged report is shown as such, and the next run replaces it', async () => {
  const { reports, now } = bridge.services;
  await reports.start('contoso', false);
  await damageRow(bridge, ['images', 'contoso', '@reconciliation'], { findings: '{', state: 'odd' });
  await expect(reports.get('contoso')).rejects.toThrow('contoso/@reconciliation');

  bridge.cloud.clock.advance(86_400_000);
  const before = now();
  await reconcileDue(bridge.services, timeLimit(20_000), bridge.log);
  expect((await reports.get('contoso'))?.startedOn.getTime()).toBeGreaterThanOrEqual(before.getTime());
});

test.each(['team|app', '@registry'])('what the bridge remembers of Coder in %s is found again', async row => {
  await bridge.push('team/app:v1', image());
  await bridge.pushed('team/app:v1');
  await damageRow(bridge, ['images', 'contoso', row], { coderId: 5 });

  await bridge.push('team/app:v3', image({ content: row }));
  await bridge.pushed('team/app:v3');

  expect(await bridge.record('team/app:v3')).toMatchObject({ state: 'imported' });
  expect(bridge.inCoder('team/app')).toHaveLength(1);
});
