import type { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTable } from '../../../shared/azure/tables/tables.ts';
import type { ImageRecord } from '../../../shared/records/image.ts';
import type { Registry } from '../../../shared/records/registry.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
});
afterAll(() => bridge.close());

const AT = new Date('2026-01-31T08:00:00Z');
const table = (name: string): TableClient =>
  openTable(bridge.cloud.appSettings.TABLES_URL as string, name, bridge.services.credential);

/** What is stored, without what the service adds. */
async function stored(name: string, partitionKey: string, rowKey: string) {
  const {
    etag: _,
    timestamp: _t,
    'odata.metadata': _m,
    ...row
  } = await table(name).getEntity(partitionKey, rowKey);
  return row;
}

// Rows that were written must be read by every later release: a change here is a change of their version.

test('a registry is kept as it always was', async () => {
  const current = {
    declared: { kind: 'managed-identity' },
    username: '00000000-0000-0000-0000-000000000000',
    secretVersion: '1',
    issuedOn: AT,
  } as const;
  const registry: Registry = {
    ...{ name: 'layout', resourceId: '/subscriptions/1', loginServer: 'layout.azurecr.io', sku: 'Premium' },
    ...{ organizationId: 'org', suspended: true, pinned: true, reconcileEveryMinutes: 5 },
    ...{ credential: { kind: 'managed-identity' }, policy: { rules: [{ repository: 'team/*' }] } },
    ...{ rotation: { current, leaseUntil: AT }, createdOn: AT, updatedOn: AT },
  };
  const row = {
    ...{ partitionKey: 'registry', rowKey: 'layout', version: 1 },
    ...{ resourceId: '/subscriptions/1', loginServer: 'layout.azurecr.io', sku: 'Premium' },
    ...{ organizationId: 'org', suspended: true, pinned: true, reconcileEveryMinutes: 5 },
    credential: '{"kind":"managed-identity"}',
    policy: '{"rules":[{"repository":"team/*"}]}',
    rotation:
      '{"current":{"declared":{"kind":"managed-identity"},"username":"00000000-0000-0000-0000-000000000000","secretVersion":"1","issuedOn":"2026-01-31T08:00:00.000Z"},"leaseUntil":"2026-01-31T08:00:00.000Z"}',
    ...{ createdOn: AT, updatedOn: AT },
  };

  const etag = await bridge.services.registries.save(registry, undefined);

  expect(await stored('registries', 'registry', 'layout')).toEqual(row);
  expect(await bridge.services.registries.get('layout')).toStrictEqual({ ...registry, etag });

  const { rotation: _, ...without } = row;
  await table('registries').updateEntity(without, 'Replace');
  expect(await bridge.services.registries.get('layout')).toMatchObject({ rotation: {} });
});

test('an image record is kept as it always was, with a due row while it is pending', async () => {
  const record: ImageRecord = {
    ...{ registry: 'layout', repository: 'team/app', tag: 'v1', digest: 'sha256:1', attempts: 1 },
    ...{ state: 'pending', reason: 'coder-busy', message: 'Wait.', heardBy: 'event' },
    ...{ dueOn: AT, pushedOn: AT, updatedOn: AT, importedOn: AT, latencyMs: 0, coderDigest: 'sha256:2' },
    ...{ memo: { coderImageId: '1' }, requested: { cpuCores: 2 } },
  };
  const { registry: _, memo, requested, ...columns } = record;
  const keys = { partitionKey: 'layout', rowKey: 'team|app:v1' };
  const common = { ...keys, ...columns, kind: 'image', version: 1, requested: '{"cpuCores":2}' };

  await bridge.services.images.save(record, undefined);

  expect(await stored('images', 'layout', 'team|app:v1')).toEqual({
    ...common,
    memo: '{"coderImageId":"1"}',
  });
  expect(await stored('images', 'layout', '!2026-01-31T08:00:00.000Z!team|app:v1')).toMatchObject({
    kind: 'due',
    pushedOn: AT,
  });
  expect(await bridge.services.images.get('layout', record)).toStrictEqual({
    ...record,
    etag: expect.any(String),
  });

  await table('images').updateEntity({ ...common, coderImageId: '1' }, 'Replace');
  expect(await bridge.services.images.get('layout', record)).toMatchObject(record);
});

test('a report is kept as it always was', async () => {
  const report = await bridge.services.reports.start('layout', true);
  const { registry: _, settled: _s, ahead: _a, findings: _f, left: _e, ...columns } = report;
  const nothing = '{"repositories":0,"total":0,"done":0,"differences":{},"outcomes":{},"left":{}}';

  expect(await stored('images', 'layout', '@reconciliation')).toEqual({
    ...{ partitionKey: 'layout', rowKey: '@reconciliation', kind: 'reconciliation', ...columns },
    ...{ settled: nothing, ahead: nothing, findings: '[]', left: '[]' },
  });

  const taken = await bridge.services.reports.take('layout');
  expect(await stored('images', 'layout', '@reconciliation')).toHaveProperty('leaseUntil', expect.any(Date));
  await taken?.release(report);
  expect(await bridge.services.reports.get('layout')).toStrictEqual(report);
  expect(await stored('images', 'layout', '@reconciliation')).not.toHaveProperty('leaseUntil');

  const { left: _l, ...earlier } = await stored('images', 'layout', '@reconciliation');
  const counts = nothing.replace(',"left":{}', '');
  const keys = { partitionKey: 'layout', rowKey: '@reconciliation' };
  await table('images').updateEntity({ ...earlier, ...keys, settled: counts, ahead: counts }, 'Replace');
  expect(await bridge.services.reports.get('layout')).toStrictEqual(report);
});
