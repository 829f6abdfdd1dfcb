import Module from 'node:module';
import { join } from 'node:path';
import { TableClient, type TransactionAction } from '@azure/data-tables';
import type { TokenCredential } from '@azure/identity';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import type { EntraStandIn } from '../../../../infra/local/stand-ins/entra.ts';
import { startTables, type TablesStandIn } from '../../../../infra/local/stand-ins/tables.ts';
import { ensureTls } from '../../../../infra/local/tls.ts';
import { identities, type TestIdentity } from './identities.ts';

const secrets = createSecrets();
const untouched = { require: Module.prototype.require, log: console.log };
let entra: EntraStandIn;
let app: TestIdentity;
let stranger: TestIdentity;
let tables: TablesStandIn;

beforeAll(async () => {
  ({ entra, app, stranger } = await identities());
  tables = await start();
});
afterAll(() => tables.close());
afterEach(() => {
  tables.faults.clear();
  tables.requests.clear();
});

async function start(): Promise<TablesStandIn> {
  const tls = await ensureTls(join(import.meta.dirname, '../../../../.local/tls'));
  return startTables({
    ...{ secrets, tls, tables: ['images', 'registries'] },
    verifyEntraToken: entra.verify,
    contributors: [app.objectId],
  });
}

function client(table = 'images', credential: TokenCredential = app.credential): TableClient {
  return new TableClient(tables.url, table, credential, { retryOptions: { maxRetries: 0 } });
}

/** A client, and a partition of its own. */
function fresh(): { images: TableClient; partitionKey: string } {
  return { images: client(), partitionKey: crypto.randomUUID() };
}

test.each(['team|app:v1.0', "it's 100% &=+ ü 文字", '!2026-01-01T00:00:00Z'])(
  'an entity with the row key %s is read back as it was written',
  async rowKey => {
    const { images, partitionKey } = fresh();
    await images.createEntity({
      partitionKey,
      rowKey,
      digest: 'sha256:1',
      size: { type: 'Int64', value: '9007199254740993' },
    });

    expect(await images.getEntity(partitionKey, rowKey)).toMatchObject({
      partitionKey,
      rowKey,
      digest: 'sha256:1',
      size: 9007199254740993n,
    });
    await expect(images.createEntity({ partitionKey, rowKey })).rejects.toMatchObject({ statusCode: 409 });
  },
);

test('an update with a stale ETag is refused', async () => {
  const { images, partitionKey } = fresh();
  const { etag = '' } = await images.createEntity({ partitionKey, rowKey: 'a', n: 1 });
  await images.updateEntity({ partitionKey, rowKey: 'a', n: 2 }, 'Replace', { etag });

  await expect(
    images.updateEntity({ partitionKey, rowKey: 'a', n: 3 }, 'Replace', { etag }),
  ).rejects.toMatchObject({ statusCode: 412 });
  expect(await images.getEntity(partitionKey, 'a')).toMatchObject({ n: 2 });
});

test('a transaction is done as a whole or not at all', async () => {
  const { images, partitionKey } = fresh();
  const { status, subResponses } = await images.submitTransaction([
    ['create', { partitionKey, rowKey: 'a' }],
    ['create', { partitionKey, rowKey: 'b' }],
  ]);
  expect([status, ...subResponses.map(response => response.status)]).toEqual([202, 204, 204]);

  const outcome = images.submitTransaction([
    ['create', { partitionKey, rowKey: 'c' }],
    ['update', { partitionKey, rowKey: 'a', n: 1 }, 'Merge', { etag: 'W/"datetime\'stale\'"' }],
  ]);
  await expect(outcome).rejects.toMatchObject({ statusCode: 412 });
  await expect(images.getEntity(partitionKey, 'c')).rejects.toMatchObject({ statusCode: 404 });
});

test('a listing can be continued by another client', async () => {
  const { images, partitionKey } = fresh();
  const actions = ['a', 'b', 'c', 'd', 'e'].map(
    (rowKey): TransactionAction => ['create', { partitionKey, rowKey }],
  );
  await images.submitTransaction(actions);
  const queryOptions = { filter: `PartitionKey eq '${partitionKey}'` };

  const seen: (string | undefined)[][] = [];
  let continuationToken: string | undefined;
  do {
    const pages = client()
      .listEntities({ queryOptions })
      .byPage({ maxPageSize: 2, ...(continuationToken && { continuationToken }) });
    const { value: page } = await pages.next();
    seen.push(page.map((entity: { rowKey?: string }) => entity.rowKey));
    continuationToken = page.continuationToken;
  } while (continuationToken);
  expect(seen).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
});

test('requests can be made to fail, before or after their work is done', async () => {
  const { images, partitionKey } = fresh();
  tables.faults.add({ method: 'POST', path: '/images', status: 503, times: 1 });
  tables.faults.add({ method: 'POST', path: '/images', drop: 'after', times: 1 });

  await expect(images.createEntity({ partitionKey, rowKey: 'refused' })).rejects.toMatchObject({
    statusCode: 503,
  });
  await expect(images.createEntity({ partitionKey, rowKey: 'lost' })).rejects.toThrow();
  await expect(images.getEntity(partitionKey, 'refused')).rejects.toMatchObject({ statusCode: 404 });
  expect(await images.getEntity(partitionKey, 'lost')).toMatchObject({ rowKey: 'lost' });
  expect(tables.requests.all().map(({ method, status }) => [method, status])).toEqual([
    ['POST', 503],
    ['POST', 204],
    ['GET', 404],
    ['GET', 200],
  ]);
});

test.each([
  ['for another service', () => entra.tokenFor(app.clientId, 'https://vault.azure.net')],
  ['of an identity without the role', () => entra.tokenFor(stranger.clientId, 'https://storage.azure.com')],
  ['that is none', async () => 'garbage'],
])('a token %s is refused', async (_, token) => {
  const credential = {
    getToken: async () => ({ token: await token(), expiresOnTimestamp: Date.now() + 3_600_000 }),
  };

  await expect(client('images', credential).getEntity('a', 'b')).rejects.toMatchObject({ statusCode: 403 });
});

test('a dump has all entities of all tables, unseen by faults and log, and each stand-in its own', async () => {
  const other = await start();
  const registries = new TableClient(other.url, 'registries', app.credential);
  await registries.createEntity({
    partitionKey: 'registry',
    rowKey: 'contoso',
    loginServer: 'contoso.azurecr.io',
  });
  other.requests.clear();
  other.faults.add({ status: 500 });
  const dumped = await other.dump();
  await other.close();

  expect(dumped).toEqual({
    images: [],
    registries: [expect.objectContaining({ rowKey: 'contoso', loginServer: 'contoso.azurecr.io' })],
  });
  expect(other.requests.all()).toEqual([]);
});

test('starting it leaves console and require of the process alone', () => {
  expect({ require: Module.prototype.require, log: console.log }).toEqual(untouched);
});
