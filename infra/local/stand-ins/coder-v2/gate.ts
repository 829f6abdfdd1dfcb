import type { Route } from '../../stand-in.ts';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import type { Caller, CoderContext, CoderRoute } from './context.ts';
import { type EntraProxy, refuseAtProxy } from './entra-proxy.ts';
import { CoderError, refusal } from './errors.ts';
import { withLaterFields } from './later-fields.ts';
import type { RateLimit } from './rate-limit.ts';
import { signIn } from './session.ts';

/** A call that needs no token. */
export interface OpenRoute {
  method: string;
  path: string;
  handle(request: StandInRequest): StandInResponse;
}

/** What each request passes on its way in, and each answer on its way out. */
export interface Gate {
  context: CoderContext;
  rateLimit: RateLimit;
  proxy: EntraProxy | undefined;
}

/** A route behind the proxy, the rate limit and the check of the token. */
export function guarded(gate: Gate, route: CoderRoute): Route {
  return {
    method: route.method,
    path: expressionFor(route.path),
    handle: request =>
      answer(gate, request, caller => route.handle({ ...request, caller: signedIn(caller) })),
  };
}

/** A route behind the proxy and the rate limit. */
export function open(gate: Gate, route: OpenRoute): Route {
  return {
    method: route.method,
    path: expressionFor(route.path),
    handle: request => answer(gate, request, () => route.handle(request)),
  };
}

/** Whatever Coder has no route for. */
export function unknownRoute(gate: Gate, method: string): Route {
  return {
    method,
    path: /^\/api\/v2\//,
    handle: request =>
      answer(gate, request, () => {
        throw new CoderError(404, 'Route not found.');
      }),
  };
}

type SignIn = Caller | CoderError;

async function answer(
  gate: Gate,
  request: StandInRequest,
  handle: (caller: SignIn) => StandInResponse | Promise<StandInResponse>,
): Promise<StandInResponse> {
  const { context, rateLimit, proxy } = gate;
  const refused = await refuseAtProxy(request, proxy);
  if (refused) return refused;
  let response: StandInResponse;
  let headers: Record<string, string> = {};
  try {
    const caller = trySignIn(context, request);
    const user = caller instanceof CoderError ? 'signed out' : caller.user.id;
    headers = rateLimit.take(user, request.url.pathname, limitOf(context, request.url.pathname));
    response = await handle(caller);
  } catch (error) {
    response = refusal(error);
  }
  const hasLater = context.switches.laterFields && !request.url.pathname.endsWith('/authcheck');
  return {
    status: response.status,
    headers: { 'x-coder-build-version': context.version.full, ...headers, ...response.headers },
    body: hasLater ? withLaterFields(response.body) : response.body,
  };
}

function trySignIn(context: CoderContext, request: StandInRequest): SignIn {
  try {
    return signIn(context, request);
  } catch (error) {
    if (error instanceof CoderError) return error;
    throw error;
  }
}

/** @throws CoderError 401 */
function signedIn(caller: SignIn): Caller {
  if (caller instanceof CoderError) throw caller;
  return caller;
}

function limitOf({ switches: { limits } }: CoderContext, path: string): number {
  if (path === '/api/v2/files') return limits.files;
  return path === '/api/v2/users/login' ? limits.login : limits.api;
}

function expressionFor(path: string): RegExp {
  return new RegExp(`^/api/v2${path.replaceAll('{}', '([^/]+)')}$`);
}
