import { ManagedIdentityCredential } from '@azure/identity';
import type { ManagedIdentity } from '../../../../infra/local/stand-ins/entra/tokens.ts';
import type { EntraStandIn } from '../../../../infra/local/stand-ins/entra.ts';
import { sharedTenant } from '../../../support/tenant.ts';

/** A managed identity, with the credential that code running as it would use. */
export interface TestIdentity {
  clientId: string;
  objectId: string;
  credential: ManagedIdentityCredential;
}

export interface Identities {
  tenantId: string;
  entra: EntraStandIn;
  app: TestIdentity;
  stranger: TestIdentity;
}

/** The identities `app`, which tests give roles to, and `stranger`, which they give none. */
export async function identities(): Promise<Identities> {
  const { id, entra, identityHeader, bridge, coderPods } = await sharedTenant();
  process.env.IDENTITY_ENDPOINT = entra.identityEndpoint;
  process.env.IDENTITY_HEADER = identityHeader;
  return { tenantId: id, entra, app: withCredential(bridge), stranger: withCredential(coderPods) };
}

function withCredential({ clientId, objectId }: ManagedIdentity): TestIdentity {
  return { clientId, objectId, credential: new ManagedIdentityCredential({ clientId }) };
}
