import { ManagedIdentityCredential } from '@azure/identity';
import type { Secrets } from '../../../../infra/local/secrets.ts';
import { type EntraStandIn, startEntra } from '../../../../infra/local/stand-ins/entra.ts';

/** A managed identity, with the credential that code running as it would use. */
export interface TestIdentity {
  clientId: string;
  objectId: string;
  credential: ManagedIdentityCredential;
}

export const TENANT_ID = '72f988bf-0000-4000-8000-2d7cd011db47';

/**
 * Entra with the identities `app`, which tests give roles to, and `stranger`, which they give none. Once in a test
 * file at most: the credentials keep the first endpoint that they see, and its tokens, for the whole process.
 */
export async function startIdentities(
  secrets: Secrets,
): Promise<{ entra: EntraStandIn; app: TestIdentity; stranger: TestIdentity }> {
  const [app, stranger] = [identity('app'), identity('stranger')];
  const entra = await startEntra({
    secrets,
    now: () => new Date(),
    tenantId: TENANT_ID,
    identities: [app, stranger],
    identityHeader: 'header-of-the-tests',
  });
  process.env.IDENTITY_ENDPOINT = entra.identityEndpoint;
  process.env.IDENTITY_HEADER = 'header-of-the-tests';
  return { entra, app: withCredential(app), stranger: withCredential(stranger) };
}

function identity(name: string) {
  return { name, clientId: crypto.randomUUID(), objectId: crypto.randomUUID() };
}

function withCredential({ clientId, objectId }: { clientId: string; objectId: string }): TestIdentity {
  return { clientId, objectId, credential: new ManagedIdentityCredential({ clientId }) };
}
