import { randomUUID } from 'node:crypto';
import { createSecrets, type Secrets } from './secrets.ts';
import type { ManagedIdentity } from './stand-ins/entra/tokens.ts';
import { type EntraStandIn, startEntra } from './stand-ins/entra.ts';

/**
 * An Entra tenant with the identities that clouds have. Several clouds of one process share one: MSAL keeps the first
 * identity endpoint that it sees, and the tokens from there, for the whole process.
 */
export interface Tenant {
  id: string;
  entra: EntraStandIn;
  /** The identity of the bridge. */
  bridge: ManagedIdentity;
  /** The identity of Coder's pods. */
  coderPods: ManagedIdentity;
  /** Value of IDENTITY_HEADER. */
  identityHeader: string;
  /** What Entra issued. The secrets of each cloud in the tenant hold these as well. */
  secrets: Secrets;
  close(): Promise<void>;
}

/** Uses the real clock, as MSAL does, so that a cloud that moves its clock does not end the tokens of others. */
export async function startTenant(): Promise<Tenant> {
  const id = randomUUID();
  const secrets = createSecrets();
  const bridge = newIdentity('bridge');
  const coderPods = newIdentity('coder');
  const identityHeader = secrets.random();
  const entra = await startEntra({
    ...{ secrets, identityHeader, tenantId: id, identities: [bridge, coderPods] },
    now: () => new Date(),
  });
  return { id, entra, bridge, coderPods, identityHeader, secrets, close: entra.close };
}

function newIdentity(name: string): ManagedIdentity {
  return { name, clientId: randomUUID(), objectId: randomUUID() };
}
