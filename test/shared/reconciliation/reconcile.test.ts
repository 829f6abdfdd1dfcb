import { afterEach, describe, expect, test } from 'vitest';
import { image } from '../../../infra/local/oci-image.ts';
import { reportView } from '../../../shared/api/views/report.ts';
import { reconcile } from '../../../shared/reconciliation/reconcile.ts';
import { nextRun, reconcileDue } from '../../../shared/reconciliation/timer.ts';
import type { StoredRegistry } from '../../../shared/records/registry.ts';
import type { Services } from '../../../shared/services.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;

afterEach(() => bridge.close());

const RULE = { repository: '**', onDelete: 'remove', defaultTag: 'newest' };

/** A cloud of its own, in which Coder has v1 and v2 of team/app. */
async function begin(policy: object = { rules: [RULE] }): Promise<{ v1: string; v2: string }> {
  bridge = await startBridge();
  await bridge.put({ policy });
  const v1 = await bridge.push('team/app:v1', image({ content: 'v1' }));
  await bridge.pushed('team/app:v1');
  const v2 = await bridge.push('team/app:v2', image({ content: 'v2' }));
  bridge.cloud.clock.advance(1_000);
  await bridge.pushed('team/app:v2');
  bridge.cloud.clock.advance(60_000);
  return { v1, v2 };
}

async function run(options: { dryRun?: boolean; services?: Services; signal?: AbortSignal } = {}) {
  const { dryRun = false, services = bridge.services, signal = AbortSignal.timeout(20_000) } = options;
  await services.reports.start('contoso', dryRun);
  await reconcile(services, 'contoso', signal, bridge.log);
  return report();
}

async function report() {
  const { registries, reports } = bridge.services;
  const kept = await reports.get('contoso');
  if (!kept) throw new Error('there is no report');
  return reportView(kept, (await registries.get('contoso')) as StoredRegistry, 360);
}

const imageOfCoder = () => bridge.cloud.standIns.coder.state().images[0];
const AGREED = { state: 'completed', differences: {}, outcomes: {}, findings: [] };

/** Breaks one thing; gives the tag that differs then, and what Coder has in the end. */
type Breakage = (had: { v1: string; v2: string }) => Promise<{ tag: string; coder: object }>;

const BREAKAGES: [string, Breakage][] = [
  [
    'missed-push',
    async ({ v1 }) => ({
      tag: 'v2',
      coder: { v1, v2: await bridge.push('team/app:v2', image({ content: 'lost' })) },
    }),
  ],
  [
    'untagged',
    async ({ v1 }) => {
      await bridge.untag('team/app:v2');
      return { tag: 'v2', coder: { v1 } };
    },
  ],
  [
    'deleted',
    async ({ v1, v2 }) => {
      await bridge.deleteManifest('team/app', v2);
      return { tag: 'v2', coder: { v1 } };
    },
  ],
  [
    'policy-changed',
    async ({ v2 }) => {
      const excluding = { ...RULE, tag: { glob: 'v1' }, action: 'exclude' };
      await bridge.put({ policy: { rules: [excluding, RULE] } });
      return { tag: 'v1', coder: { v2 } };
    },
  ],
  [
    'image-deleted-in-coder',
    async had => {
      await bridge.askCoder('DELETE', `/_stand-in/images/${imageOfCoder()?.id}`);
      return { tag: 'v1', coder: had };
    },
  ],
  [
    'registry-deleted-in-coder',
    async had => {
      const { id, registry_id } = imageOfCoder() ?? {};
      await bridge.askCoder('DELETE', `/_stand-in/images/${id}`);
      await bridge.askCoder('DELETE', `/api/v0/registries/${registry_id}`);
      return { tag: 'v1', coder: had };
    },
  ],
  [
    'tag-deleted-in-coder',
    async had => {
      await bridge.askCoder('DELETE', `/api/v0/images/${imageOfCoder()?.id}/tags/v1`);
      return { tag: 'v1', coder: had };
    },
  ],
  [
    'digest-drift',
    async ({ v1, v2 }) => {
      // The tag moved, Coder read it, and it moved back, all without an event.
      await bridge.push('team/app:v1', image({ content: 'for a moment' }));
      await bridge.askCoder('POST', `/api/v0/images/${imageOfCoder()?.id}/tags/update`);
      await expect.poll(() => bridge.inCoder('team/app')[0]?.v1).not.toBe(v1);
      await bridge.push('team/app:v1', image({ content: 'v1' }));
      return { tag: 'v1', coder: { v1, v2 } };
    },
  ],
  [
    'default-tag-drift',
    async had => {
      await bridge.askCoder('PATCH', `/api/v0/images/${imageOfCoder()?.id}`, { default_tag: 'v1' });
      return { tag: 'v2', coder: had };
    },
  ],
];

describe('each difference is reported, repaired, and not found again', () => {
  test.each(BREAKAGES)('%s', async (difference, breakIt) => {
    const { tag, coder } = await breakIt(await begin());
    const finding = expect.objectContaining({ repository: 'team/app', tag, difference });

    const untouched = bridge.cloud.standIns.coder.state();
    const announced = await run({ dryRun: true });
    const before = bridge.cloud.standIns.coder.state();
    expect(before).toEqual(untouched);
    const carriedOut = await run();
    const again = await run();

    expect(announced).toMatchObject({ state: 'completed', dryRun: true });
    expect(announced.findings).toContainEqual(finding);
    expect(announced.findings.map(({ state }) => state)).toEqual(
      carriedOut.findings.map(({ state }) => state),
    );
    expect(before).not.toEqual(bridge.cloud.standIns.coder.state());
    expect(carriedOut).toMatchObject({ state: 'completed', dryRun: false });
    expect(carriedOut.findings).toContainEqual(finding);
    expect(carriedOut.done).toBe(carriedOut.total);
    expect(again).toMatchObject(AGREED);
    expect(bridge.inCoder('team/app')).toEqual([coder]);
  });
});

test('a registry that agrees with Coder is left alone, and Coder is only read', async () => {
  await begin();
  const writes = () => bridge.askedOfCoder('POST', /./) + bridge.askedOfCoder('PATCH', /./);
  const before = writes();

  const found = await run();

  expect(found).toMatchObject({ ...AGREED, total: 2, done: 2, repositories: { total: 1, done: 1 } });
  expect(writes()).toBe(before);
});

test('the report says what was left and why, counts all of it and names the first of each', async () => {
  await begin({ rules: [{ ...RULE, repository: 'team/*' }] });
  const fault = bridge.cloud.standIns.coder.faults;
  for (const [tag, status] of [
    ['refused', 422],
    ['later', 503],
  ] as const) {
    fault.clear();
    fault.add({ method: 'POST', path: '/tags$', status });
    await bridge.push(`team/app:${tag}`, image({ content: tag }));
    await bridge.pushed(`team/app:${tag}`);
  }
  for (let i = 0; i < 20; i++) await bridge.push(`other/app:${i}`, image());

  const { differences, left } = await run();

  expect(differences).toEqual({});
  const of = ({ count, images }: (typeof left)['pending']) => [
    count,
    images.map(({ repository, tag, reason }) => `${repository}:${tag} ${reason}`),
  ];
  expect(of(left.pending)).toEqual([1, ['team/app:later coder-unavailable']]);
  expect(of(left.failed)).toEqual([1, ['team/app:refused coder-rejected']]);
  expect(left.skipped.count).toBe(20);
  expect(left.skipped.images).toHaveLength(15);
  expect(left.skipped.images[0]).toMatchObject({ repository: 'other/app', tag: '0', reason: 'no-rule' });
  expect(left.suspended).toEqual({ count: 0, images: [] });
});

test('what is kept when it goes stays in Coder, and its record says so', async () => {
  const had = await begin({ rules: [] });
  await bridge.untag('team/app:v2');

  expect(await run()).toMatchObject({ differences: { untagged: 1 }, outcomes: { removed: 1 } });

  expect(bridge.inCoder('team/app')).toEqual([had]);
  expect(await bridge.record('team/app:v2')).toMatchObject({ state: 'removed', reason: 'gone' });
  expect(await run()).toMatchObject(AGREED);
});

test('a tag that only Coder had is removed there, and its record does not say that it was ever pushed', async () => {
  const { v1 } = await begin();
  const { id } = imageOfCoder() ?? {};
  await bridge.push('team/app:never', image({ content: 'v1' }));
  await bridge.askCoder('POST', `/api/v0/images/${id}/tags`, { tag: 'never', default: false });
  await bridge.untag('team/app:never');

  expect(await run()).toMatchObject({ differences: { deleted: 1 }, outcomes: { removed: 1 } });

  expect(bridge.inCoder('team/app')).toEqual([{ v1, v2: expect.any(String) }]);
  const record = await bridge.record('team/app:never');
  expect(record).toMatchObject({ state: 'removed', reason: 'removed-from-coder' });
  expect(record).not.toHaveProperty('pushedOn');
  expect(await bridge.services.images.heard('contoso')).not.toHaveProperty('byReconciliation');
  expect(await run()).toMatchObject(AGREED);

  await bridge.push('team/app:never', image({ content: 'never' }));
  await bridge.pushed('team/app:never');
  expect(await bridge.record('team/app:never')).toMatchObject({ state: 'imported', heardBy: 'event' });
});

test('a default tag that is pinned is not moved, and the next import says so', async () => {
  await begin();
  await bridge.put({ policy: { rules: [RULE] }, pinned: true });
  await bridge.askCoder('PATCH', `/api/v0/images/${imageOfCoder()?.id}`, { default_tag: 'v1' });

  expect(await run()).toMatchObject(AGREED);
  await bridge.push('team/app:v3', image({ content: 'v3' }));
  await bridge.pushed('team/app:v3');

  expect(imageOfCoder()?.default_tag).toBe('v1');
  expect((await bridge.record('team/app:v3'))?.message).toContain(
    'The default tag stays v1, because it is pinned.',
  );
});

test('a pinned default tag that is gone from the registry stays in Coder, and its record says why', async () => {
  const { v2 } = await begin();
  await bridge.put({ policy: { rules: [RULE] }, pinned: true });
  await bridge.deleteManifest('team/app', v2);

  expect(await run()).toMatchObject({ differences: { deleted: 1 } });

  expect(imageOfCoder()?.default_tag).toBe('v2');
  expect(await bridge.record('team/app:v2')).toMatchObject({
    reason: 'gone',
    message: expect.stringContaining('pinned'),
  });
  expect(await run()).toMatchObject(AGREED);
});

test('a suspended registry stays as it is until it is no longer suspended', async () => {
  const { v1 } = await begin();
  await bridge.put({ policy: { rules: [RULE] }, suspended: true });
  await bridge.untag('team/app:v2');
  await bridge.push('team/app:v3', image({ content: 'v3' }));
  await bridge.pushed('team/app:v3');

  expect(await bridge.record('team/app:v3')).toMatchObject({ state: 'skipped', reason: 'suspended' });
  expect(await run()).toMatchObject(AGREED);
  await bridge.put({ policy: { rules: [RULE] } });
  await run();

  expect(bridge.inCoder('team/app')).toEqual([{ v1, v3: expect.any(String) }]);
});

test('a new registry imports what it already holds, and images of before the bridge count for no latency', async () => {
  bridge = await startBridge();
  await bridge.put();
  for (const name of ['a:1', 'a:2', 'b:1']) await bridge.push(name, image({ content: name }));

  expect(await run()).toMatchObject({ differences: { 'missed-push': 3 }, outcomes: { imported: 3 } });

  expect(await bridge.record('a:1')).toMatchObject({ state: 'imported', heardBy: 'reconciliation' });
  expect((await bridge.record('a:1'))?.latencyMs).toBeUndefined();
});

describe('a run that stops before its end', () => {
  /** Repositories a to h with two tags each, of which Coder has none. */
  async function fill() {
    bridge = await startBridge();
    await bridge.put();
    for (const repository of 'abcdefgh') {
      for (const tag of ['1', '2']) {
        const reference = `${repository}:${tag}`;
        await bridge.push(reference, image({ content: reference }));
      }
    }
  }
  const created = () =>
    bridge.cloud.standIns.coder
      .state()
      .images.map(({ repository }) => repository)
      .sort();
  const ALL = [...'abcdefgh'];

  test('for lack of time is carried on by the next call, and the report counts each tag once', async () => {
    await fill();
    const time = new AbortController();
    const stopping = { ...bridge.services, log: bridge.log };
    await stopping.reports.start('contoso', false);
    const log = { ...bridge.log, info: (text: string) => void (text === 'difference' && time.abort()) };
    await reconcile(bridge.services, 'contoso', time.signal, log);

    const halfway = await report();
    expect(halfway).toMatchObject({ state: 'running' });
    expect(halfway.done).toBeGreaterThan(0);
    expect(created().length).toBeLessThan(ALL.length);
    await reconcileDue(bridge.services, AbortSignal.timeout(20_000), bridge.log);

    const end = await report();
    expect(end).toMatchObject({
      state: 'completed',
      total: 16,
      done: 16,
      repositories: { total: 8, done: 8 },
    });
    expect(created()).toEqual(ALL);
  });

  test('counts each tag that it leaves once', async () => {
    await fill();
    await bridge.put({ suspended: true });
    await bridge.services.reports.start('contoso', false);
    const stopping = new AbortController();
    const { acr } = bridge.services;
    let listed = 0;
    const stopsHalfway = {
      ...acr,
      async *listTags(source: Parameters<typeof acr.listTags>[0]) {
        if (++listed === 6) stopping.abort();
        yield* acr.listTags(source);
      },
    };
    await reconcile({ ...bridge.services, acr: stopsHalfway }, 'contoso', stopping.signal, bridge.log);
    expect(await report()).toMatchObject({ state: 'running' });
    await reconcileDue(bridge.services, AbortSignal.timeout(20_000), bridge.log);

    const { state, left } = await report();
    const names = left.suspended.images.map(({ repository, tag }) => `${repository}:${tag}`);
    expect([state, left.suspended.count]).toEqual(['completed', 16]);
    expect(new Set(names).size).toBe(15);
  });

  test('by a crash is carried on by another instance when its lease has run out', async () => {
    await fill();
    const other = bridge.anotherInstance();
    await bridge.services.reports.start('contoso', false);
    expect(await bridge.services.reports.take('contoso')).toBeDefined();

    await reconcileDue(other, AbortSignal.timeout(20_000), bridge.log);
    expect(created()).toEqual([]);
    bridge.cloud.clock.advance(100_000);
    await reconcileDue(other, AbortSignal.timeout(20_000), bridge.log);

    expect(await report()).toMatchObject({ state: 'completed', done: 16 });
    expect(created()).toEqual(ALL);
  });

  test.each([
    ['Coder is down', 'coder', { status: 503 }, 'coder-unavailable'],
    ['the registry is down', 'registry', { status: 500, path: '/acr/v1/' }, 'registry-unavailable'],
    ['Coder asks for a pause', 'coder', { status: 429, headers: { 'retry-after': '600' } }, 'coder-busy'],
  ] as const)('because %s says so, and goes on when that has passed', async (_, standIn, fault, reason) => {
    await fill();
    bridge.cloud.standIns[standIn].faults.add(fault);

    expect(await run()).toMatchObject({ state: 'running', reason, nextAttemptOn: expect.any(Date) });
    const { images } = await bridge.services.images
      .list({ states: ['pending'] }, { limit: 100 })
      .then(({ items }) => ({ images: items }));
    expect(images.length).toBeLessThan(8);
    bridge.clearFaults();
    bridge.cloud.clock.advance(700_000);
    await reconcileDue(bridge.services, AbortSignal.timeout(20_000), bridge.log);

    expect(await report()).toMatchObject({ state: 'completed', done: 16 });
    expect(created()).toEqual(ALL);
  });

  test.each([
    ['fails', { status: 503 }, 'coder-unavailable'],
    ['asks for a pause', { status: 429, headers: { 'retry-after': '600' } }, 'coder-busy'],
  ] as const)('since Coder %s at the first imports leaves the others alone', async (_, answer, reason) => {
    await fill();
    bridge.cloud.standIns.coder.faults.add({ method: 'POST', ...answer });

    expect(await run()).toMatchObject({ state: 'running', reason, nextAttemptOn: expect.any(Date) });

    const { items } = await bridge.services.images.list({}, { limit: 100 });
    expect(items.length).toBeGreaterThan(0);
    // One of each repository that is under way.
    expect(items.length).toBeLessThanOrEqual(4);
  });

  test('because Coder refuses every call ends there, and leaves the images alone', async () => {
    await fill();
    bridge.cloud.standIns.coder.faults.add({ status: 403 });

    expect(await run()).toMatchObject({
      state: 'failed',
      reason: 'coder-unauthorized',
      remedy: expect.stringContaining('coder tokens create'),
    });
    expect((await bridge.services.images.list({}, { limit: 100 })).items).toEqual([]);
  });
});

describe('of two that start a run', () => {
  test('the second joins the first', async () => {
    await begin();
    const first = await bridge.services.reports.start('contoso', false);
    bridge.cloud.clock.advance(5_000);

    expect(await bridge.services.reports.start('contoso', false)).toEqual(first);
    expect(await bridge.services.reports.start('contoso', true)).toEqual(first);
  });

  test('a real run replaces a dry run', async () => {
    await begin();
    await bridge.untag('team/app:v2');
    await bridge.services.reports.start('contoso', true);
    const reporting = await bridge.services.reports.take('contoso');

    await run();

    expect(await report()).toMatchObject({ state: 'completed', dryRun: false, outcomes: { removed: 1 } });
    await expect(reporting?.save(reporting.report)).rejects.toMatchObject({ name: 'ConflictError' });
  });
});

test('each registry is reconciled on its schedule, the first time one interval after it was added', async () => {
  await begin();
  const registry = await bridge.put({ policy: { rules: [RULE] }, reconcileEveryMinutes: 5 });
  const due = () => reconcileDue(bridge.services, AbortSignal.timeout(20_000), bridge.log);

  await due();
  expect(await bridge.services.reports.get('contoso')).toBeUndefined();
  bridge.cloud.clock.advance(5 * 60_000);
  await due();
  const first = await report();
  await due();
  expect(await report()).toEqual(first);
  bridge.cloud.clock.advance(5 * 60_000);
  await due();
  expect((await report()).startedOn.getTime()).toBeGreaterThan(first.startedOn.getTime());

  const { reconcileEveryMinutes: _, createdOn, ...others } = registry;
  const inSixHours = new Date(createdOn.getTime() + 6 * 3_600_000);
  expect(nextRun({ ...others, createdOn }, undefined, 360)).toEqual(inSixHours);
});
