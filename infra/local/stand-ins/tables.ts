import { randomBytes, randomUUID } from 'node:crypto';
import {
  AzureNamedKeyCredential,
  TableClient,
  type TableEntity,
  TableServiceClient,
  type TransactionAction,
} from '@azure/data-tables';
import pLimit from 'p-limit';
import { Agent, request } from 'undici';
import { createTokenIssuer } from '../jwt.ts';
import type { Secrets } from '../secrets.ts';
import { type StandIn, startStandIn } from '../stand-in.ts';
import type { StandInRequest, StandInResponse } from '../stand-in-messages.ts';
import type { Tls } from '../tls.ts';
import { bearerToken, type VerifyEntraToken } from './bearer.ts';
import { type AzuriteTables, startAzuriteTables } from './tables/azurite.ts';

export interface TablesOptions {
  secrets: Secrets;
  tls: Tls;
  /** 0, the default, takes any free port. */
  port?: number | undefined;
  verifyEntraToken: VerifyEntraToken;
  /** Object ids of those who may read and write rows. */
  contributors: readonly string[];
  /** Names of the tables that are there from the start. */
  tables: string[];
}

/**
 * Plays Azure Table Storage: Azurite, behind a server of ours in which requests can be seen and made to fail.
 * Its `url` holds the account, and so is what `new TableClient(url, table, credential)` takes.
 */
export interface TablesStandIn extends StandIn {
  /** All entities by table. It asks Azurite itself, so neither faults nor the request log know of it. */
  dump(): Promise<Record<string, unknown[]>>;
  /** Inserts rows, all of one partition, into Azurite itself as well. */
  insert(table: string, rows: readonly TableEntity<object>[]): Promise<void>;
}

export async function startTables(options: TablesOptions): Promise<TablesStandIn> {
  const azurite = await startAzuriteTables(options.tls);
  const administration = administer(azurite, options.tls);
  await Promise.all(options.tables.map(administration.createTable));
  const forwarder = await createForwarder(azurite.url, options.tls);
  // Azurite lets transactions see and undo one another's changes, which Azure does not: one request after the other.
  const oneByOne = pLimit(1);
  const handle = async (request: StandInRequest) =>
    (await isContributor(request, options)) ? oneByOne(forwarder.forward, request) : refused();
  const { secrets, tls, port } = options;
  const routes = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map(method => ({ method, path: /^/, handle }));
  const standIn = await startStandIn({ secrets, tls, port, routes });
  return {
    ...standIn,
    url: `${standIn.url}/${azurite.account.name}`,
    dump: administration.dump,
    insert: administration.insert,
    async close() {
      await standIn.close();
      await forwarder.close();
      await azurite.close();
    },
  };
}

/** The most changes that one transaction takes. */
const LARGEST_TRANSACTION = 100;

const AUDIENCE = 'https://storage.azure.com';

/** Access to Azurite with the account's key, past the stand-in. */
function administer({ url, account }: AzuriteTables, { ca }: Tls) {
  const endpoint = `${url}/${account.name}`;
  const credential = new AzureNamedKeyCredential(account.name, account.key);
  const trust = { tlsOptions: { ca } };
  const service = new TableServiceClient(endpoint, credential, trust);
  return {
    createTable: (name: string) => service.createTable(name),
    async dump() {
      const dumped: Record<string, unknown[]> = {};
      for await (const { name = '' } of service.listTables()) {
        dumped[name] = await collect(new TableClient(endpoint, name, credential, trust).listEntities());
      }
      return dumped;
    },
    async insert(table: string, rows: readonly TableEntity<object>[]) {
      const client = new TableClient(endpoint, table, credential, trust);
      for (let from = 0; from < rows.length; from += LARGEST_TRANSACTION) {
        const some = rows.slice(from, from + LARGEST_TRANSACTION);
        await client.submitTransaction(some.map((row): TransactionAction => ['create', row]));
      }
    },
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Azurite checks a token's claims by the real clock, and no signature: who may come in is decided here. */
async function isContributor(request: StandInRequest, options: TablesOptions): Promise<boolean> {
  const claims = await options.verifyEntraToken(bearerToken(request) ?? '');
  return claims?.aud === AUDIENCE && options.contributors.includes(String(claims.oid));
}

/** https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2 */
function refused(): StandInResponse {
  const message = { lang: 'en-US', value: 'This request is not authorized to perform this operation.' };
  return { status: 403, body: { 'odata.error': { code: 'AuthorizationPermissionMismatch', message } } };
}

/** Sends requests on to `origin`, with a token that it accepts, and its answers back, byte for byte. */
async function createForwarder(origin: string, { ca }: Tls) {
  const dispatcher = new Agent({ connect: { ca } });
  const issuer = createTokenIssuer(randomBytes(32), () => new Date());
  const claims = { aud: AUDIENCE, iss: `https://sts.windows.net/${randomUUID()}/` };
  const authorization = `Bearer ${await issuer.sign(claims, 30 * 86_400)}`;
  return {
    async forward({ method, url, headers, body }: StandInRequest): Promise<StandInResponse> {
      const answer = await request(origin + url.pathname + url.search, {
        dispatcher,
        method,
        headers: { ...withoutHopByHop(headers), authorization },
        body: body.length > 0 ? body : null,
      });
      return {
        status: answer.statusCode,
        headers: withoutHopByHop(answer.headers),
        body: Buffer.from(await answer.body.arrayBuffer()),
      };
    },
    close: () => dispatcher.close(),
  };
}

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/** Headers that are not about one connection alone, each once. */
function withoutHopByHop(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const end: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name)) end[name] = String(value);
  }
  return end;
}
