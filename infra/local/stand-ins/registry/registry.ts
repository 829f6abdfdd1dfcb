import { randomBytes } from 'node:crypto';
import { type Claims, createTokenIssuer } from '../../jwt.ts';
import type { Secrets } from '../../secrets.ts';
import { type StandIn, startStandIn } from '../../stand-in.ts';
import type { Tls } from '../../tls.ts';
import { createAccess } from './access.ts';
import { acrRoutes } from './acr-routes.ts';
import { blobRoutes } from './blob-routes.ts';
import type { RegistryContext } from './context.ts';
import { createGrants, type FindAccount, type RegistryUser } from './grants.ts';
import { listingRoutes } from './listing-routes.ts';
import { createLocks } from './locks.ts';
import { manifestRoutes } from './manifest-routes.ts';
import { createMemoryStorage } from './memory-storage.ts';
import { createNetwork } from './network.ts';
import { deleted, pushed, type RegistryEvent } from './registry-event.ts';
import { createReplica } from './replica.ts';
import type { Action } from './scope.ts';
import { tokenRoutes } from './token-routes.ts';
import { uploadRoutes } from './upload-routes.ts';
import { createUpstreamStorage } from './upstream-storage.ts';

export type { RegistryEvent, RegistryUser };

export interface RegistryOptions {
  /** ARM id: the topic of the events. */
  resourceId: string;
  secrets: Secrets;
  now(): Date;
  tls: Tls;
  /** 0, the default, takes any free port. */
  port?: number;
  /** The claims of a token that Entra issued, or undefined. The registry itself checks `aud`. */
  verifyEntraToken(token: string): Promise<Claims | undefined>;
  /** Rights by the `oid` claim. Other identities get a refresh token too, but it allows nothing. */
  identities: Readonly<Record<string, Action[]>>;
  /** Read on each request, so that its owner can add, replace and remove passwords. */
  users: readonly RegistryUser[];
  /** Finds further owners of a username and password, such as the accounts that ARM manages. */
  findAccount?: FindAccount;
  /** Number of times all logins were ended, read on each request; tokens from before the last time are invalid. */
  loginsEnded?(): number;
  /** Called after a manifest was written or deleted and the client got its answer. */
  publish(event: RegistryEvent): void;
  /** Base URL of a distribution registry without credentials that keeps what is pushed, in place of memory. */
  upstream?: string;
}

export interface RegistryStandIn extends StandIn {
  /** Host and port. */
  loginServer: string;
}

/** Starts an Azure Container Registry that real clients can push to and pull from. */
export async function startRegistry(options: RegistryOptions): Promise<RegistryStandIn> {
  const { resourceId, secrets, now, tls, users, publish, upstream } = options;
  let port = 0;
  const loginServer = () => `localhost:${port}`;
  const grants = createGrants({
    issuer: createTokenIssuer(randomBytes(32), now),
    secrets,
    users,
    findAccount: options.findAccount ?? (() => undefined),
    loginServer,
    loginsEnded: options.loginsEnded ?? (() => 0),
  });
  const announce = (event: RegistryEvent) => void setImmediate(publish, event);
  const storage = upstream ? createUpstreamStorage(upstream, now) : createMemoryStorage(now);
  const network = createNetwork();
  const context: RegistryContext = {
    loginServer,
    access: createAccess(grants, loginServer),
    storage,
    replica: createReplica(storage),
    locks: createLocks(),
    announcePush: (change, tag) => announce(pushed(resourceId, now(), change, tag)),
    announceDelete: change => announce(deleted(resourceId, now(), change)),
  };

  const answering = [
    ...tokenRoutes({ ...options, grants, loginServer }),
    ...uploadRoutes(context),
    ...blobRoutes(context, secrets),
    ...manifestRoutes(context),
    ...listingRoutes(context),
    ...acrRoutes(context),
  ];
  const steering = [...network.routes, ...context.replica.routes, ...context.locks.routes];
  const routes = [...steering, ...network.guard(answering)];
  const standIn = await startStandIn({ routes, secrets, tls, port: options.port, hostname: 'localhost' });
  port = standIn.port;
  return { ...standIn, loginServer: loginServer() };
}
