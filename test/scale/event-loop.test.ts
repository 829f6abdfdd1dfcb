import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import { pushImages } from '../../infra/local/push-image.ts';
import type { Report } from '../../shared/reconciliation/report.ts';
import { imageKey } from '../../shared/records/keys.ts';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { partOf } from '../support/part.ts';
import { startReport } from './live-app.ts';

// One repository with very many tags, under as many rules as a policy takes, compared by a process of its own. The
// longest delay of a timer beside that is told as a multiple of the same in the idle process; it is not asserted on,
// since both depend on who else uses the machine.

const REPOSITORY = 'team/app';
const FOLDER = mkdtempSync(join(tmpdir(), 'event-loop-'));
const PROGRAM = join(FOLDER, 'comparing-process.cjs');
const TAGS = Array.from({ length: partOf(10_000) }, (_, i) => `v${i % 100}.${i}.0`);
/** The last one matches every tag, so that each is held against all of them. */
const RULES = [
  ...Array.from({ length: 33 }, (_, i) => ({
    repository: 'team/**',
    tag: { regex: `other${i}-[a-z]+\\d*` },
  })),
  ...Array.from({ length: 33 }, (_, i) => ({ repository: '*/{app,web}', tag: { glob: `*-${i}` } })),
  ...Array.from({ length: 33 }, (_, i) => ({
    repository: '**',
    tag: { semver: `>=${1_000 + i} <${1_001 + i}` },
  })),
  { repository: 'team/*', defaultTag: 'highest-semver' },
];

interface Told {
  delayMs: number;
  computedMs: number;
  report?: Report;
}

let bridge: Bridge;
let child: ChildProcess;
let idle: Told;
const report = startReport('event loop');

beforeAll(async () => {
  bridge = await startBridge();
  await bridge.put({ policy: { rules: RULES } });
  const { cloud, tls } = bridge;
  const target = { registryUrl: cloud.standIns.registry.url, ...cloud.registry.pusher, ca: tls.ca };
  const manifest = image({ content: 'many' });
  await pushImages(
    target,
    REPOSITORY,
    TAGS.map(tag => ({ manifest, tag })),
  );
  report(`${TAGS.length} tags, ${RULES.length} rules`);

  // Bundled, as the app is on Azure.
  await build({
    ...{ entryPoints: [join(import.meta.dirname, 'comparing-process.ts')], outfile: PROGRAM },
    ...{ bundle: true, platform: 'node', loader: { '.md': 'text' }, external: ['@azure/functions-core'] },
  });
  child = fork(PROGRAM, [cloud.registry.name], {
    env: { ...process.env, ...cloud.appSettings },
    serialization: 'advanced',
  });
  idle = await told();
  report(`idle: ${idle.delayMs.toFixed(1)} ms late, ${idle.computedMs.toFixed(1)} ms computed`);
}, 600_000);
afterAll(async () => {
  child?.kill();
  rmSync(FOLDER, { recursive: true });
  await bridge.close();
});

async function told(): Promise<Told> {
  const [message] = await once(child, 'message');
  return message as Told;
}

async function compare(dryRun: boolean): Promise<Report> {
  child.send(dryRun);
  const { delayMs, computedMs, report: found } = await told();
  report(
    `${dryRun ? 'a dry run' : 'a run'}: ${delayMs.toFixed(1)} ms late, ${(delayMs / idle.delayMs).toFixed(1)} times the idle one, ${computedMs.toFixed(1)} ms computed; ${JSON.stringify(found?.settled)}`,
  );
  return found as Report;
}

test('a comparison that finds every tag missing finishes', async () => {
  expect(await compare(true)).toMatchObject({
    state: 'completed',
    settled: { done: TAGS.length, differences: { 'missed-push': TAGS.length } },
  });
});

test('a comparison that finds every tag where it should be finishes', async () => {
  const { cloud } = bridge;
  const { digest } = image({ content: 'many' });
  const at = cloud.clock.now();
  const rows = TAGS.map(tag => ({
    ...{
      partitionKey: cloud.registry.name,
      rowKey: imageKey({ repository: REPOSITORY, tag }),
      kind: 'image',
    },
    ...{
      version: 1,
      repository: REPOSITORY,
      tag,
      digest,
      state: 'imported',
      reason: 'tag-added',
      message: '',
    },
    ...{ attempts: 0, pushedOn: at, heardBy: 'event', updatedOn: at, importedOn: at, coderDigest: digest },
  }));
  await cloud.standIns.tables.insert('images', rows);
  const { coder, registry } = cloud.standIns;
  const tags = TAGS.map(tag => ({ tag, latest_hash: digest, hash_last_updated_at: at.toISOString() }));
  const highest = TAGS.reduce((best, tag) => (tag.startsWith('v99.') && tag > best ? tag : best), 'v99.0.0');
  const known = {
    ...{ id: 'image', organization_id: cloud.coder.organizationId, repository: REPOSITORY },
    ...{ registry: { id: 'registry', registry: registry.loginServer }, default_tag: { tag: highest } },
  };
  coder.faults.add({ method: 'GET', path: '/images/image/tags$', status: 200, body: tags });
  coder.faults.add({ method: 'GET', path: '/images$', status: 200, body: [known] });

  const found = await compare(false);
  expect(found).toMatchObject({ state: 'completed', settled: { done: TAGS.length } });
  expect(found.settled.differences).toEqual({});
});
