import Module, { createRequire } from 'node:module';
import type { Tls } from '../../tls.ts';

/** The table service of Azurite (https://github.com/Azure/Azurite) in this process, its data in memory. */
export interface AzuriteTables {
  /** Without the account's name and without a trailing slash. */
  url: string;
  /** The well-known account of the emulator. `key` is in base64. */
  account: { name: string; key: string };
  close(): Promise<void>;
}

/** What is used of Azurite's classes: the package has neither types nor an entry for embedding. */
interface TableServer {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
  metadataStore: { getEntityCollection(account: string, table: string, context: unknown): RowCollection };
}
/** The rows of one table, in LokiJS. */
interface RowCollection {
  find(query: Partial<RowKeys>): RowKeys[];
  findOne(query: RowKeys): RowKeys | null;
}
interface RowKeys {
  PartitionKey: string;
  RowKey: string;
}
interface Azurite {
  TableServer: new (configuration: object) => TableServer;
  TableConfiguration: new (host: string, port: number) => object;
  account: AzuriteTables['account'];
}

/**
 * Starts it on a free port of loopback. It takes bearer tokens only over TLS and with OAuth switched on; of these it
 * checks the claims, not the signature.
 */
export async function startAzuriteTables(tls: Tls): Promise<AzuriteTables> {
  const { TableServer, TableConfiguration, account } = loadAzurite();
  const configuration = Object.assign(new TableConfiguration('127.0.0.1', 0), {
    isMemoryPersistence: true,
    enableAccessLog: false,
    skipApiVersionCheck: true,
    cert: tls.certFile,
    key: tls.keyFile,
    oauth: 'basic',
  });
  const server = new TableServer(configuration);
  findRowsByTheirRowKey(server);
  await server.start();
  return { url: server.getHttpServerAddress(), account, close: () => server.close() };
}

/**
 * Azurite looks a row up by partition first, and LokiJS then goes through all rows of that partition: with 100,000 of
 * them, each request takes milliseconds, and to insert them takes minutes. By row key it is one look into the index.
 */
function findRowsByTheirRowKey({ metadataStore }: TableServer): void {
  const getEntityCollection = metadataStore.getEntityCollection.bind(metadataStore);
  metadataStore.getEntityCollection = (account, table, context) => {
    const rows = getEntityCollection(account, table, context);
    rows.findOne = ({ PartitionKey, RowKey }) =>
      rows.find({ RowKey }).find(row => row.PartitionKey === PartitionKey) ?? null;
    return rows;
  };
}

/** Loads Azurite when it is first needed: that takes a fifth of a second. */
function loadAzurite(): Azurite {
  const require = createRequire(createRequire(import.meta.url).resolve('azurite/package.json'));
  leaveOutApplicationInsights(require);
  const { EMULATOR_ACCOUNT_NAME, EMULATOR_ACCOUNT_KEY } = require('./dist/src/common/utils/constants.js');
  return {
    TableServer: require('./dist/src/table/TableServer.js').default,
    TableConfiguration: require('./dist/src/table/TableConfiguration.js').default,
    account: { name: EMULATOR_ACCOUNT_NAME, key: EMULATOR_ACCOUNT_KEY.toString('base64') },
  };
}

/**
 * Puts an empty module in its place. Azurite sends telemetry only when started from its command line, but it always
 * loads this module, which then patches `console` and `require` of the whole process, and takes as long to load as
 * everything else together.
 */
function leaveOutApplicationInsights(require: NodeJS.Require): void {
  const empty = new Module(require.resolve('applicationinsights'));
  empty.loaded = true;
  require.cache[empty.id] ??= empty;
}
