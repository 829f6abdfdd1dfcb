import { AzureNamedKeyCredential, TableClient, TableServiceClient } from '@azure/data-tables';
import { Agent, request } from 'undici';
import type { Secrets } from '../secrets.ts';
import { type StandIn, type StandInRequest, type StandInResponse, startStandIn } from '../stand-in.ts';
import type { Tls } from '../tls.ts';
import { type AzuriteTables, startAzuriteTables } from './tables/azurite.ts';

export interface TablesOptions {
  secrets: Secrets;
  tls: Tls;
  /** 0, the default, takes any free port. */
  port?: number | undefined;
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
}

export async function startTables({ tables, ...options }: TablesOptions): Promise<TablesStandIn> {
  const azurite = await startAzuriteTables(options.tls);
  const administration = administer(azurite, options.tls);
  await Promise.all(tables.map(administration.createTable));
  const forwarder = createForwarder(azurite.url, options.tls);
  const standIn = await startStandIn({
    ...options,
    routes: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map(method => ({
      method,
      path: /^/,
      handle: forwarder.forward,
    })),
  });
  return {
    ...standIn,
    url: `${standIn.url}/${azurite.account.name}`,
    dump: administration.dump,
    async close() {
      await standIn.close();
      await forwarder.close();
      await azurite.close();
    },
  };
}

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
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Sends requests on to `origin` and its answers back, byte for byte. */
function createForwarder(origin: string, { ca }: Tls) {
  const dispatcher = new Agent({ connect: { ca } });
  return {
    async forward({ method, url, headers, body }: StandInRequest): Promise<StandInResponse> {
      const answer = await request(origin + url.pathname + url.search, {
        dispatcher,
        method,
        headers: withoutHopByHop(headers),
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
