import { randomUUID } from 'node:crypto';
import { ManagedIdentityCredential } from '@azure/identity';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import { type EntraStandIn, startEntra } from '../../../../infra/local/stand-ins/entra.ts';
import { impatientHttp } from '../../../../shared/azure/sdk/impatient-credential.ts';

// In a file of its own: MSAL goes on asking with the client of the first credential that a process makes.

let entra: EntraStandIn;

beforeAll(async () => {
  entra = await startEntra({
    secrets: createSecrets(),
    now: () => new Date(),
    tenantId: randomUUID(),
    identities: [],
    identityHeader: 'not used by IMDS',
  });
  // Moves the credential from 169.254.169.254, where IMDS is on real machines.
  process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST = entra.url;
});
afterAll(() => entra.close());

test('a request to an identity endpoint that hangs is ended, which the credential itself never does', async () => {
  entra.faults.add({ path: '/metadata', delayMs: 60_000 });
  const credential = new ManagedIdentityCredential({ clientId: randomUUID(), httpClient: impatientHttp });

  await expect(credential.getToken('https://management.azure.com/.default')).rejects.toThrow(
    'ManagedIdentityCredential',
  );
});
