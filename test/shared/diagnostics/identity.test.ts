import { randomUUID } from 'node:crypto';
import { ManagedIdentityCredential } from '@azure/identity';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Fault } from '../../../infra/local/faults.ts';
import { createSecrets } from '../../../infra/local/secrets.ts';
import { type EntraStandIn, startEntra } from '../../../infra/local/stand-ins/entra.ts';
import { explainEntra } from '../../../shared/azure/refusals/entra.ts';
import type { Diagnosis } from '../../../shared/diagnostics/diagnosis.ts';
import { identityCheck } from '../../../shared/diagnostics/identity.ts';

const CLIENT_ID = randomUUID();
let entra: EntraStandIn;

beforeAll(async () => {
  entra = await startEntra({
    secrets: createSecrets(),
    now: () => new Date(),
    tenantId: randomUUID(),
    identities: [{ name: 'another', clientId: randomUUID(), objectId: randomUUID() }],
    identityHeader: 'not used by IMDS',
  });
  // Moves the credential from 169.254.169.254, where IMDS is on real machines.
  process.env.AZURE_POD_IDENTITY_AUTHORITY_HOST = entra.url;
});
afterEach(() => entra.faults.clear());
afterAll(() => entra.close());

const refusal = (status: number, error: string, error_description: string): Fault => ({
  path: '/metadata',
  status,
  body: { error, error_description },
});

test.each<[string, Fault | undefined, RegExp]>([
  ['identity-not-found', undefined, /az functionapp identity assign/],
  [
    'identity-not-bound',
    refusal(403, 'forbidden', 'no azure identity found for request clientID x'),
    /Label the pod/,
  ],
  [
    'audience-unknown',
    refusal(
      400,
      'invalid_resource',
      'AADSTS500011: The resource principal named https://management.azure.com was not found',
    ),
    /ARM_AUDIENCE/,
  ],
  ['identity-service-down', refusal(500, 'server_error', 'internal server error'), /Azure Status/],
])('IMDS answers so that the finding is %s', async (reason, fault, remedy) => {
  if (fault) entra.faults.add(fault);
  const credential = new ManagedIdentityCredential({ clientId: CLIENT_ID, retryOptions: { maxRetries: 0 } });
  const settings = { ARM_AUDIENCE: 'https://management.azure.com', AZURE_CLIENT_ID: CLIENT_ID };

  const verdict = await identityCheck({ credential, settings }).run({} as Diagnosis);

  expect(verdict).toMatchObject({ ok: false, reason, remedy: expect.stringMatching(remedy) });
  expect(verdict.message).toContain(CLIENT_ID);
});

test.each([
  [
    'No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.',
    'identity-not-found',
  ],
  [
    'AADSTS70021: No matching federated identity record found for presented assertion.',
    'federated-credential-missing',
  ],
  [
    'AADSTS700212: No matching federated identity record found for presented assertion audience',
    'federated-audience-wrong',
  ],
  ['AADSTS7000215: Invalid client secret provided.', 'client-secret-refused'],
  ['AADSTS7000222: The provided client secret keys are expired.', 'client-secret-refused'],
  ['status code 429, too many requests', 'identity-throttled'],
  ['Attempted to use the IMDS endpoint, but it is not available.', 'identity-service-unreachable'],
  ["Please run 'az login' from a command prompt to authenticate", 'not-signed-in'],
  ['AADSTS90002: Tenant not found.', 'tenant-unknown'],
  ['AADSTS99999: A new error.', 'token-refused'],
])('%s → %s', (said, reason) => {
  expect(explainEntra(said, undefined)).toMatchObject({ reason, message: expect.stringContaining(said) });
});
