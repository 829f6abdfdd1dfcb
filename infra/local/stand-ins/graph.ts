import type { Secrets } from '../secrets.ts';
import { type Route, type StandIn, startStandIn } from '../stand-in.ts';
import type { StandInRequest, StandInResponse } from '../stand-in-messages.ts';
import type { Tls } from '../tls.ts';
import { bearerToken, type VerifyEntraToken } from './bearer.ts';
import {
  type Application,
  type AppRegistration,
  createApplication,
  type GraphBehaviour,
} from './graph/applications.ts';
import { notAuthenticated, notFound, requestDenied } from './graph/errors.ts';
import { type ApplicationOperation, operations } from './graph/operations.ts';

export interface GraphOptions {
  secrets: Secrets;
  now(): Date;
  tls: Tls;
  /** 0, the default, takes any free port. */
  port?: number | undefined;
  verifyEntraToken: VerifyEntraToken;
}

/**
 * Plays Microsoft Graph, version 1.0, for the client secrets of applications. All callers have the permission
 * `Application.ReadWrite.OwnedBy`, so each may do with an application what its owner may.
 */
export interface GraphStandIn extends StandIn {
  /** Makes an application known, or replaces it. */
  addApplication(registration: AppRegistration): Application;
  /** By client id or by object id. */
  application(id: string): Application | undefined;
  /** May be changed at any time. */
  behaviour: GraphBehaviour;
}

export async function startGraph({ now, verifyEntraToken, ...server }: GraphOptions): Promise<GraphStandIn> {
  const applications = new Map<string, Application>();
  const behaviour: GraphBehaviour = { propagationMs: 15_000 };
  const byAppId = (appId: string) =>
    [...applications.values()].find(({ registration }) => registration.appId === appId);

  const toRoute = ({ method, suffix, handle }: ApplicationOperation): Route => ({
    method,
    path: new RegExp(`^/v1\\.0/applications(?:/([^/(]+)|${BY_APP_ID})${suffix}$`, 'i'),
    async handle(request) {
      const caller = await authenticate(request, verifyEntraToken);
      if (typeof caller !== 'string') return caller;
      const [objectId = '', appId = ''] = request.params;
      const application = appId ? byAppId(appId) : applications.get(objectId);
      if (!application) return notFound(objectId || appId);
      if (!application.registration.owners.includes(caller)) return requestDenied();
      return handle({ request, application, behaviour, now: now() });
    },
  });
  const standIn = await startStandIn({ ...server, routes: operations.map(toRoute) });
  return {
    ...standIn,
    behaviour,
    addApplication(registration) {
      const application = createApplication(registration, now, server.secrets, behaviour);
      applications.set(registration.objectId, application);
      return application;
    },
    application: id => applications.get(id) ?? byAppId(id),
  };
}

/** `(appId='…')`, whose signs clients may percent-encode. */
const BY_APP_ID = "(?:\\(|%28)appId(?:=|%3D)(?:'|%27)([^'%]+)(?:'|%27)(?:\\)|%29)";

const AUDIENCE = 'https://graph.microsoft.com';

/** The caller's object id, or the refusal. */
async function authenticate(
  request: StandInRequest,
  verify: VerifyEntraToken,
): Promise<string | StandInResponse> {
  const token = bearerToken(request);
  if (!token) return notAuthenticated('Access token is empty.');
  const claims = await verify(token);
  if (!claims) return notAuthenticated('Lifetime validation failed, the token is expired.');
  return claims.aud === AUDIENCE
    ? String(claims.oid)
    : notAuthenticated('Access token validation failure. Invalid audience.');
}
