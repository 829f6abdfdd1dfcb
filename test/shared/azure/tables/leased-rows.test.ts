import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import {
  createLeasedTable,
  type LeasedRows,
  type LeasedTable,
} from '../../../../shared/azure/tables/leased-rows.ts';
import { openTable } from '../../../../shared/azure/tables/tables.ts';
import { ServiceError } from '../../../../shared/errors.ts';
import { type Bridge, startBridge } from '../../../support/bridge.ts';

let bridge: Bridge;
const Content = z.object({ coderId: z.string().exactOptional() });
type Rows = LeasedRows<z.infer<typeof Content>>;
let leased: LeasedTable;
let one: Rows;
let other: Rows;
const NOW = new Date('2026-01-31T08:00:00Z');
let now = NOW;
const key = () => ({ partitionKey: 'contoso', rowKey: crypto.randomUUID() });
const soon = () => AbortSignal.timeout(600);
const later = () => AbortSignal.timeout(20_000);

beforeAll(async () => {
  bridge = await startBridge();
  const { ManagedIdentityCredential } = await import('@azure/identity');
  const clientId = bridge.cloud.appSettings.AZURE_CLIENT_ID as string;
  const table = openTable(
    bridge.cloud.standIns.tables.url,
    'images',
    new ManagedIdentityCredential({ clientId }),
  );
  // Two instances of the app: they share the table, and nothing in memory.
  const create = () =>
    createLeasedTable(
      table,
      () => now,
      30_000,
      () => undefined,
    );
  leased = create();
  [one, other] = [leased.rows(Content), create().rows(Content)];
});
afterAll(() => bridge.close());

test('of many workers in two instances one works at a time, and each sees what the one before it changed', async () => {
  const shared = key();
  let working = 0;
  let most = 0;
  const count = (rows: Rows) =>
    rows.withLease(shared, later(), async link => {
      most = Math.max(most, ++working);
      await new Promise(setImmediate);
      link.coderId = String(Number(link.coderId ?? 0) + 1);
      working -= 1;
    });

  await Promise.all([one, other, one, other, one, other].map(count));

  expect(most).toBe(1);
  expect(await one.read(shared)).toEqual({ coderId: '6' });
});

test('after a failure whose effect is known the lease is released at once, and the row keeps the changes', async () => {
  const shared = key();
  const failing = one.withLease(shared, later(), async link => {
    link.coderId = 'learnt';
    throw new ServiceError('coder-rejected', 'no');
  });
  await expect(failing).rejects.toMatchObject({ reason: 'coder-rejected' });

  expect(await other.withLease(shared, soon(), async link => link.coderId)).toBe('learnt');
});

test('after a failure whose effect is unknown the lease stays until it runs out', async () => {
  const shared = key();
  now = NOW;
  const failing = one.withLease(shared, later(), async () => {
    throw new ServiceError('coder-unavailable', 'no answer', { uncertain: true });
  });
  await expect(failing).rejects.toMatchObject({ reason: 'coder-unavailable' });

  await expect(other.withLease(shared, soon(), async () => 'too early')).rejects.toMatchObject({
    reason: 'coder-busy',
  });
  now = new Date(NOW.getTime() + 60_000);

  expect(await other.withLease(shared, soon(), async () => 'in time')).toBe('in time');
});

test('a worker that waits in the same instance gives up when its time ends', async () => {
  const shared = key();
  let finish = () => {};
  const long = one.withLease(shared, later(), () => new Promise<void>(resolve => (finish = resolve)));

  await expect(one.withLease(shared, soon(), async () => {})).rejects.toMatchObject({ reason: 'coder-busy' });

  finish();
  await long;
  expect(await one.withLease(shared, soon(), async () => 'free')).toBe('free');
});

test('a lease lasts longer than any import, and its old holder cannot overwrite a new one', async () => {
  const shared = key();
  now = NOW;
  let finish = () => {};
  const stalled = one.withLease(shared, later(), link => {
    link.coderId = 'stalled';
    return new Promise<void>(resolve => {
      finish = resolve;
    });
  });
  await expect.poll(() => leased.anyHeld('contoso')).toBe(true);
  now = new Date(NOW.getTime() + 25_000);
  await expect(other.withLease(shared, soon(), async () => {})).rejects.toMatchObject({
    reason: 'coder-busy',
  });

  now = new Date(NOW.getTime() + 31_000);
  await other.withLease(shared, soon(), async link => {
    link.coderId = 'taken over';
  });
  finish();
  await stalled;

  expect(await one.read(shared)).toEqual({ coderId: 'taken over' });
  expect(await leased.anyHeld('contoso')).toBe(false);
});

test('a text that is longer than a column is stored whole, and a shorter one in its place too', async () => {
  const at = key();
  for (const coderId of ['x'.repeat(100_000), 'short', 'y'.repeat(40_000)]) {
    await one.withLease(at, later(), async content => {
      content.coderId = coderId;
    });
    expect((await other.read(at)).coderId === coderId).toBe(true);
  }
});
