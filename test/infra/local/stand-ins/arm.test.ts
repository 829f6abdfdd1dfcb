import { join } from 'node:path';
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import { type ArmStandIn, startArm } from '../../../../infra/local/stand-ins/arm.ts';
import type { EntraStandIn } from '../../../../infra/local/stand-ins/entra.ts';
import { ensureTls } from '../../../../infra/local/tls.ts';
import { identities, type TestIdentity } from './identities.ts';

const SUBSCRIPTION = crypto.randomUUID();
const RESOURCE_ID = `/subscriptions/${SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries/Contoso`;
let entra: EntraStandIn;
let app: TestIdentity;
let stranger: TestIdentity;
let arm: ArmStandIn;

beforeAll(async () => {
  const secrets = createSecrets();
  ({ entra, app, stranger } = await identities());
  arm = await startArm({
    secrets,
    tls: await ensureTls(join(import.meta.dirname, '../../../../.local/tls')),
    verifyEntraToken: entra.verify,
    now: () => new Date(),
    allowed: { [app.objectId]: ['Microsoft.ContainerRegistry/registries/read'] },
  });
  arm.addRegistry({
    resourceId: RESOURCE_ID,
    loginServer: 'contoso-a1b2c3.azurecr.io',
    sku: 'Premium',
    adminUserEnabled: true,
    anonymousPullEnabled: true,
    roleAssignmentMode: 'AbacRepositoryPermissions',
    location: 'northeurope',
  });
});
afterAll(() => arm.close());

function client(identity: TestIdentity, subscription = SUBSCRIPTION) {
  return new ContainerRegistryManagementClient(identity.credential, subscription, {
    endpoint: arm.url,
    credentials: { scopes: ['https://management.azure.com/.default'] },
  });
}

test.each([
  ['images', 'Contoso'],
  ['IMAGES', 'contoso'],
])('the registry %s/%s is found, whatever the case of its id', async (group, name) => {
  expect(await client(app).registries.get(group, name)).toMatchObject({
    id: RESOURCE_ID,
    name: 'Contoso',
    location: 'northeurope',
    sku: { name: 'Premium', tier: 'Premium' },
    loginServer: 'contoso-a1b2c3.azurecr.io',
    provisioningState: 'Succeeded',
    adminUserEnabled: true,
    anonymousPullEnabled: true,
    roleAssignmentMode: 'AbacRepositoryPermissions',
  });
});

test('a registry starts as Azure makes it: standard, administrator off', async () => {
  arm.addRegistry({ resourceId: RESOURCE_ID.replace('Contoso', 'plain'), loginServer: 'plain.azurecr.io' });

  expect(await client(app).registries.get('images', 'plain')).toMatchObject({
    sku: { name: 'Standard' },
    adminUserEnabled: false,
    anonymousPullEnabled: false,
    roleAssignmentMode: 'LegacyRegistryPermissions',
  });
});

test.each([
  ['registry', SUBSCRIPTION, 'images', 'ResourceNotFound'],
  ['resource group', SUBSCRIPTION, 'elsewhere', 'ResourceGroupNotFound'],
  ['subscription', crypto.randomUUID(), 'images', 'SubscriptionNotFound'],
])('a %s that does not exist is not found', async (_, subscription, group, code) => {
  await expect(client(app, subscription).registries.get(group, 'unknown')).rejects.toMatchObject({
    statusCode: 404,
    code,
  });
});

test('an identity without the role is told which action it lacks, whether or not the registry exists', async () => {
  for (const name of ['Contoso', 'unknown']) {
    await expect(client(stranger).registries.get('images', name)).rejects.toMatchObject({
      statusCode: 403,
      code: 'AuthorizationFailed',
      message: expect.stringContaining('Microsoft.ContainerRegistry/registries/read'),
    });
  }
});

test.each([
  ['https://management.azure.com/', 200],
  ['https://management.azure.com', 200],
  ['https://containerregistry.azure.net', 401],
])('a token for %s is answered with %i', async (resource, status) => {
  const authorization = `Bearer ${await entra.tokenFor(app.clientId, resource)}`;
  const response = await fetch(`${arm.url}${RESOURCE_ID}?api-version=2025-11-01`, {
    headers: { authorization },
  });

  expect(response.status).toBe(status);
  if (status === 200) return;
  expect(response.headers.get('www-authenticate')).toMatch(/^Bearer authorization_uri=/);
  expect(await response.json()).toMatchObject({ error: { code: 'InvalidAuthenticationTokenAudience' } });
});

test.each([
  ['no token', {}, 'AuthenticationFailed'],
  [
    'a token that Entra did not issue',
    { authorization: 'Bearer made.up.token' },
    'InvalidAuthenticationToken',
  ],
])('%s is not authenticated', async (_, headers, code) => {
  const response = await fetch(`${arm.url}${RESOURCE_ID}?api-version=2025-11-01`, { headers });

  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ error: { code } });
});

test('only ids of container registries can be added', () => {
  const resourceId = `/subscriptions/${SUBSCRIPTION}/resourceGroups/images`;

  expect(() => arm.addRegistry({ resourceId, loginServer: 'x.azurecr.io' })).toThrow('not the ARM id');
});
