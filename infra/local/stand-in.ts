import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createFaults, type Fault, type Faults, parseFault } from './faults.ts';
import { quoteAll } from './quotes.ts';
import { createRequestLog, type RequestLog } from './request-log.ts';
import type { Secrets } from './secrets.ts';
import type { StandInRequest, StandInResponse } from './stand-in-messages.ts';
import type { Tls } from './tls.ts';

/** `path` is matched against the still encoded path of the URL; the first route that fits answers. */
export interface Route {
  method: string;
  path: RegExp;
  handle(request: StandInRequest): StandInResponse | Promise<StandInResponse>;
}

/** A server that replaces an outside service, and can simulate faults. */
export interface StandIn {
  /** Base URL without a trailing slash. */
  url: string;
  port: number;
  faults: Faults;
  requests: RequestLog;
  close(): Promise<void>;
}

export interface StandInOptions {
  routes: Route[];
  secrets: Secrets;
  /** With it the server speaks https, otherwise http. */
  tls?: Tls | undefined;
  /** 0, the default, takes any free port. */
  port?: number | undefined;
  /** Name used in `url`; the server itself only ever listens on loopback. */
  hostname?: 'localhost' | '127.0.0.1';
}

/** Starts a stand-in on loopback. In addition to its own routes, it has `/_stand-in/` routes that control it. */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const faults = createFaults();
  const requests = createRequestLog(options.secrets);
  const scheme = options.tls ? 'https' : 'http';
  const routes = [...steeringRoutes(faults, requests), ...options.routes];

  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      send(outgoing, { status: 500, body: `stand-in failed: ${(error as Error)?.stack ?? error}` });
    });
  };
  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await readRequest(incoming, scheme);
    const steering = request.url.pathname.startsWith('/_stand-in/');
    const fault = steering ? undefined : faults.take(request.method, request.url.pathname);
    const log = steering ? undefined : requests.begin(request);
    if (log) outgoing.once('close', () => requests.end(log));

    if (fault?.delayMs) await delay(fault.delayMs);
    if (fault?.drop === 'before') return void outgoing.destroy();
    const response = forced(fault, request, options.secrets) ?? (await dispatch(routes, request));
    if (log) {
      log.status = response.status;
      requests.end(log);
    }
    if (fault?.drop === 'after') return void outgoing.destroy();
    send(outgoing, response);
  }

  const server = options.tls ? createHttpsServer(options.tls, listener) : createHttpServer(listener);
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${scheme}://${options.hostname ?? '127.0.0.1'}:${port}`,
    port,
    faults,
    requests,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function steeringRoutes(faults: Faults, requests: RequestLog): Route[] {
  return [
    {
      method: 'POST',
      path: /^\/_stand-in\/faults$/,
      handle({ body }) {
        const parsed = parseFault(body.toString());
        if ('error' in parsed) return { status: 400, body: parsed };
        faults.add(parsed.fault);
        return { status: 201, body: parsed.fault };
      },
    },
    {
      method: 'DELETE',
      path: /^\/_stand-in\/faults$/,
      handle() {
        faults.clear();
        return { status: 204 };
      },
    },
    { method: 'GET', path: /^\/_stand-in\/faults$/, handle: () => ({ status: 200, body: faults.all() }) },
    { method: 'GET', path: /^\/_stand-in\/requests$/, handle: () => ({ status: 200, body: requests.all() }) },
  ];
}

/** A fault that names a status, a body or quotes answers in place of the handler, which then does not run. */
function forced(
  fault: Fault | undefined,
  request: StandInRequest,
  secrets: Secrets,
): StandInResponse | undefined {
  if (fault?.quotes) return { status: fault.status ?? 400, ...quoteAll(request, secrets, fault.quotes) };
  if (fault?.status === undefined && fault?.body === undefined) return undefined;
  return { status: fault.status ?? 200, headers: fault.headers ?? {}, body: fault.body ?? '' };
}

async function dispatch(routes: Route[], request: StandInRequest): Promise<StandInResponse> {
  for (const route of routes) {
    if (route.method !== request.method) continue;
    const match = route.path.exec(request.url.pathname);
    if (!match) continue;
    return route.handle({ ...request, params: match.slice(1).map(part => decodeURIComponent(part ?? '')) });
  }
  return {
    status: 404,
    body: { error: { code: 'NotFound', message: `${request.method} ${request.url.pathname}` } },
  };
}

async function readRequest(incoming: IncomingMessage, scheme: string): Promise<StandInRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    method: incoming.method ?? 'GET',
    url: new URL(incoming.url ?? '/', `${scheme}://${incoming.headers.host ?? 'localhost'}`),
    headers: incoming.headers,
    body: Buffer.concat(chunks),
    params: [],
  };
}

function send(outgoing: ServerResponse, { status, reason, headers = {}, body }: StandInResponse): void {
  const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  outgoing.writeHead(status, reason, {
    ...(raw ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    ...headers,
  });
  outgoing.end(raw ? body : JSON.stringify(body));
}
