import type { Secrets } from '../../secrets.ts';
import { type Route, type StandIn, startStandIn } from '../../stand-in.ts';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import type { Tls } from '../../tls.ts';
import { authenticate, type EntraProxy } from './authentication.ts';
import { byHandRoutes } from './by-hand-routes.ts';
import type { CoderContext, CoderSwitches } from './context.ts';
import { CoderError, refusal } from './errors.ts';
import { imageRoutes } from './image-routes.ts';
import { createRegistryClient } from './registry-client.ts';
import { registryRoutes } from './registry-routes.ts';
import type { CoderState } from './state.ts';
import { tagRoutes } from './tag-routes.ts';

export interface CoderOptions {
  secrets: Secrets;
  now: () => Date;
  port?: number;
  /** Coder speaks TLS with it, and trusts its CA, and no other, when it contacts registries. */
  tls: Tls;
  sessionToken: string;
  /** The one organization there is. */
  organizationId: string;
  /** An Entra token of the identity that Coder's pods have, for registries of kind `acr`. */
  identityToken(): Promise<string>;
  /** What this deployment calls the registry kind; `kind` by default. */
  registryKindField?: string;
  /** What the owner of the session token may do; everything by default. */
  role?: CoderContext['role'];
  /** When set, each call needs `Authorization: Bearer` with an Entra token for this audience as well. */
  entraProxy?: EntraProxy;
}

export interface CoderStandIn extends StandIn {
  /** A copy of all that Coder remembers, the credentials included. */
  state(): CoderState;
  /** May be changed at any time. */
  switches: CoderSwitches;
  /** Changes what the owner of the session token may do. */
  setRole(role: CoderContext['role']): void;
}

/** Coder Classic's `/api/v0`, from its public SDK and docs. It really asks the registries for what it imports. */
export async function startCoder(options: CoderOptions): Promise<CoderStandIn> {
  const { secrets, tls, port, organizationId, role = 'site-manager', registryKindField = 'kind' } = options;
  const sessionToken = secrets.issue(options.sessionToken);
  const registries = createRegistryClient(tls.ca, options.identityToken);
  const state: CoderState = { registries: [], images: [] };
  const now = () => options.now().toISOString();
  const switches: CoderSwitches = { acrAuthentication: true, showRegistryKind: false };
  const context: CoderContext = {
    ...{ state, organizationId, role, registryKindField, switches },
    ...{ registries, secrets, now },
  };

  const api = [
    ...registryRoutes(context),
    ...imageRoutes(context),
    ...tagRoutes(context),
    ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map(unknownCall),
  ].map(route => guarded(route, request => authenticate(request, sessionToken, options.entraProxy)));
  const byHand = byHandRoutes(context).map(route => guarded(route));
  const server = await startStandIn({ routes: [...api, ...byHand], secrets, tls, port });
  return {
    ...server,
    switches,
    state: () => structuredClone(state),
    setRole(changed) {
      context.role = changed;
    },
    async close() {
      await registries.close();
      await server.close();
    },
  };
}

type Authenticate = (request: StandInRequest) => Promise<StandInResponse | undefined>;

/** The route with its refusals in Coder's words, behind a check of who calls where there is one. */
function guarded(route: Route, authenticateCaller: Authenticate = async () => undefined): Route {
  return {
    ...route,
    async handle(request) {
      try {
        return (await authenticateCaller(request)) ?? (await route.handle(request));
      } catch (error) {
        return refusal(error);
      }
    },
  };
}

function unknownCall(method: string): Route {
  return {
    method,
    path: /^\/api\/v0\//,
    handle() {
      throw new CoderError(404, 'not found');
    },
  };
}
