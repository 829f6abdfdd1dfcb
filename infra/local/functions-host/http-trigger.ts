import { toSetCookie } from './cookies.ts';
import type { RpcHttp } from './core-module.ts';
import { type HostedFunction, withTrigger } from './functions.ts';
import type { HostRequest, HostResponse } from './http-message.ts';
import type { Invoke } from './invocation.ts';
import { type HostKeys, isMasterKey, opensFunction, presentedKey } from './keys.ts';
import { createRoutes } from './routes.ts';

export interface HttpTriggerOptions {
  functions: HostedFunction[];
  keys: HostKeys;
  /** Without slashes at its ends; may be empty. */
  routePrefix: string;
  invoke: Invoke;
}

/** Answers the requests that are for the app's HTTP functions. */
export function createHttpTrigger({ functions, keys, routePrefix, invoke }: HttpTriggerOptions) {
  const findRoute = createRoutes(withTrigger(functions, 'httpTrigger'), routePrefix);

  return async function handleHttp(request: HostRequest): Promise<HostResponse> {
    const match = findRoute(request.method, request.url.pathname);
    if (!match) return { status: 404 };
    const { fn, params } = match;
    const key = presentedKey(request);
    if (fn.disabled && !isMasterKey(keys, key)) return { status: 404 };
    if (!opensFunction(keys, fn.trigger.authLevel, fn.name, key)) return { status: 401 };
    try {
      const result = await invoke(fn, { http: toRpc(request, params) });
      return fromRpc(result?.http);
    } catch {
      return { status: 500 };
    }
  };
}

function toRpc({ method, url, headers, query, body }: HostRequest, params: Record<string, string>): RpcHttp {
  return {
    method,
    url: url.href,
    nullableHeaders: nullable(headers),
    nullableQuery: nullable(query),
    nullableParams: nullable(params),
    // The platform reads a body only when Content-Length announces one, so a chunked body is lost.
    ...(Number(headers['content-length']) > 0 ? { body: { bytes: body } } : {}),
  };
}

function nullable(values: Record<string, string>): Record<string, { value: string }> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

/** A function that returns nothing answers 204 here; the platform says 200 or 204, so better to say which. */
function fromRpc(response: RpcHttp | undefined): HostResponse {
  if (!response) return { status: 204 };
  const cookies = response.cookies?.map(toSetCookie) ?? [];
  return {
    status: Number(response.statusCode),
    headers: { ...response.headers, ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) },
    ...(response.body?.bytes ? { body: response.body.bytes } : {}),
  };
}
