import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../../infra/local/faults.ts';
import { image, index } from '../../../infra/local/oci-image.ts';
import { sweep } from '../../../shared/images/sweep.ts';
import { timeLimit } from '../../../shared/lib/time-limit.ts';
import { reconcile } from '../../../shared/reconciliation/reconcile.ts';
import { type Bridge, call, startBridge } from '../../support/bridge.ts';

// Trouble with one image, or with one repository, is recorded there and holds up nothing else.

let bridge: Bridge;
let registry: Bridge['cloud']['standIns']['registry'];

beforeAll(async () => {
  bridge = await startBridge();
  ({ registry } = bridge.cloud.standIns);
  await bridge.put();
});
afterEach(async () => {
  bridge.clearFaults();
  await call(`${registry.url}/_stand-in/locks`, 'DELETE', {});
});
afterAll(() => bridge.close());

const lock = (what: object) => call(`${registry.url}/_stand-in/locks`, 'POST', {}, what);

async function compare() {
  await bridge.services.reports.start('contoso', false);
  await reconcile(bridge.services, 'contoso', timeLimit(25_000), bridge.log);
  return bridge.services.reports.get('contoso');
}

const MANIFEST = '/odd/app/manifests/';
const BLOB = '/odd/app/blobs/';
const UPSTREAM = {
  errors: [
    { code: 'TOOMANYREQUESTS', message: "too many requests to source registry for cache rule 'docker-hub'." },
  ],
};

const TROUBLE: [string, Fault, string][] = [
  ['is locked', { path: MANIFEST, status: 405 }, 'image-locked'],
  ['has a configuration that is locked', { path: BLOB, status: 405 }, 'image-locked'],
  ['has a manifest that the registry refuses', { path: MANIFEST, status: 400 }, 'manifest-unreadable'],
  [
    'has a manifest that changes on its way',
    { path: MANIFEST, status: 200, body: '{}' },
    'manifest-unreadable',
  ],
  ['has a manifest that is too large', { path: MANIFEST, status: 413 }, 'manifest-too-large'],
  ['has no configuration', { path: BLOB, status: 404 }, 'config-missing'],
  [
    'comes from an upstream that throttles',
    { path: MANIFEST, status: 429, headers: { 'retry-after': '60' }, body: UPSTREAM },
    'upstream-throttled',
  ],
  ['makes the registry fail', { path: MANIFEST, status: 500 }, 'registry-unavailable'],
];

describe.each(TROUBLE)('an image that %s', (_, fault, reason) => {
  const withDigest = (more: Fault): Fault => ({
    ...more,
    ...(more.status === 200 && {
      headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}`, 'content-type': 'application/json' },
    }),
  });

  test('has a reason of its own, and another repository goes on', async () => {
    const content = crypto.randomUUID();
    await bridge.push('odd/app:v1', image({ content }));
    await bridge.push('fine/app:v1', image({ content }));
    registry.faults.add({ method: 'GET', ...withDigest(fault) });

    await bridge.pushed('odd/app:v1');
    await bridge.pushed('fine/app:v1');

    expect(await bridge.record('odd/app:v1')).toMatchObject({
      reason,
      message: expect.stringContaining('odd/app'),
    });
    expect(await bridge.record('fine/app:v1')).toMatchObject({ state: 'imported' });
    expect(bridge.services.pauses.remaining(registry.loginServer)).toBe(0);
  });

  test('is no obstacle to a comparison, six times over', async () => {
    const content = crypto.randomUUID();
    for (let i = 0; i < 6; i += 1) await bridge.push(`odd/app:n${i}`, image({ content: `${content}${i}` }));
    await bridge.push('zzz/app:v1', image({ content }));
    registry.faults.add({ method: 'GET', ...withDigest(fault) });

    expect(await compare()).toMatchObject({ state: 'completed' });
    expect(await bridge.record('zzz/app:v1')).toMatchObject({ state: 'imported' });
    expect(await bridge.record('odd/app:n5')).toMatchObject({ reason });
    bridge.clearFaults();
    bridge.cloud.clock.advance(70_000);
    await sweep(bridge.services, timeLimit(25_000), bridge.log);
  });
});

test.each(['', 'no JSON', '{"os":"linux"'])('a configuration %j is unreadable', async configText => {
  await bridge.push('config/app:v1', image({ configText }));
  await bridge.pushed('config/app:v1');

  expect(await bridge.record('config/app:v1')).toMatchObject({
    state: 'failed',
    reason: 'config-unreadable',
  });
});

test('a child of an index that is locked is the trouble of its index', async () => {
  const child = image({ content: 'locked' });
  await bridge.push('index/app:v1', index([child]));
  await lock({ repository: 'index/app', reference: child.digest, readEnabled: false });
  await bridge.pushed('index/app:v1');

  expect(await bridge.record('index/app:v1')).toMatchObject({ reason: 'image-locked' });
});

test('an image in quarantine is not taken for one whose manifest is missing', async () => {
  const digest = await bridge.push('quarantined/app:v1', image({ content: 'suspicious' }));
  for (const reference of ['v1', digest])
    await lock({ repository: 'quarantined/app', reference, quarantined: true });
  await bridge.pushed('quarantined/app:v1');
  bridge.cloud.clock.advance(100_000);
  await sweep({ ...bridge.services, wait: async () => undefined }, timeLimit(5_000), bridge.log);

  expect(await bridge.record('quarantined/app:v1')).toMatchObject({ reason: 'image-locked' });
});

test('a repository that the registry does not list is left out of a comparison', async () => {
  await bridge.push('closed/app:v1', image({ content: 'closed' }));
  await bridge.push('open/app:v1', image({ content: 'open' }));
  registry.faults.add({ path: '/closed(/|%2F)app/_tags', status: 405 });

  expect(await compare()).toMatchObject({ state: 'completed' });
  expect(await bridge.record('open/app:v1')).toMatchObject({ state: 'imported' });
  expect(
    bridge.logged.some(line => line.startsWith('repository skipped') && line.includes('closed/app')),
  ).toBe(true);
});

test('a registry that lists and gives nothing stops a comparison after a while', async () => {
  for (let i = 10; i < 40; i += 1) await bridge.push(`down/app:v${i}`, image({ content: `down ${i}` }));
  registry.faults.add({ path: '/manifests/', status: 500 });

  expect(await compare()).toMatchObject({ state: 'running', reason: 'registry-unavailable', attempts: 1 });
  expect(await bridge.record('down/app:v39')).toBeUndefined();
});

test('an import that had to wait for one that hangs names what hangs', async () => {
  await bridge.push('slow/app:v1', image({ content: 'slow' }));
  await bridge.push('slow/app:v2', image({ content: 'slower' }));
  registry.faults.add({ path: '/slow/app/manifests/v1', delayMs: 60_000 });
  const services = { ...bridge.services, importBudgetMs: 3_000 };

  await Promise.all(['v1', 'v2'].map(tag => bridge.pushed(`slow/app:${tag}`, { services })));

  expect(await bridge.record('slow/app:v1')).toMatchObject({
    reason: 'registry-unavailable',
    message: `${registry.loginServer} failed, or cannot be reached from the app (the manifest v1 of slow/app). ${registry.loginServer}: no answer in time`,
  });
  expect(await bridge.record('slow/app:v2')).toMatchObject({
    reason: 'registry-unavailable',
    message: `Other imports used up the time: slow/app:v1 waits for ${registry.loginServer} (manifest v1).`,
  });
});
