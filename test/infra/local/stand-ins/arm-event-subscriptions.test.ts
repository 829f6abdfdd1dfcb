import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import { ACTIONS } from '../../../../infra/local/stand-ins/arm/actions.ts';
import { type ArmStandIn, startArm } from '../../../../infra/local/stand-ins/arm.ts';
import type { EntraStandIn } from '../../../../infra/local/stand-ins/entra.ts';
import { createEventSubscriptions } from '../../../../shared/azure/arm/event-subscriptions.ts';
import { testTls } from '../../../support/bridge.ts';
import { identities, type TestIdentity } from './identities.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001';
const registryId = (name: string) =>
  `/subscriptions/${SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries/${name}`;
const FUNCTION = `/subscriptions/${SUBSCRIPTION}/resourceGroups/b/providers/Microsoft.Web/sites/b/functions/registry-event`;
let entra: EntraStandIn;
let app: TestIdentity;
let stranger: TestIdentity;
let arm: ArmStandIn;

beforeAll(async () => {
  const secrets = createSecrets();
  ({ entra, app, stranger } = await identities());
  arm = await startArm({
    ...{ secrets, tls: await testTls(), verifyEntraToken: entra.verify, now: () => new Date() },
    allowed: { [app.objectId]: [ACTIONS.readEventSubscriptions] },
  });
  arm.eventSubscriptions.push(
    { name: 'on-registry', source: registryId('contoso'), destination: FUNCTION },
    {
      ...{
        name: 'on-topic',
        source: registryId('contoso'),
        destination: FUNCTION,
        systemTopic: 'contoso-events',
      },
      ...{ provisioningState: 'Failed', includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed'] },
    },
    {
      name: 'of-another',
      source: registryId('fabrikam'),
      destination: FUNCTION,
      systemTopic: 'fabrikam-events',
    },
  );
});
afterAll(() => arm.close());

const find = (identity: TestIdentity, name: string) =>
  createEventSubscriptions(identity.credential, arm.url, 'https://management.azure.com').find(
    registryId(name),
    AbortSignal.timeout(10_000),
  );

test('those on the registry and those on its system topic are found, and no other', async () => {
  expect(await find(app, 'CONTOSO')).toEqual([
    { name: 'on-registry', state: 'Succeeded', destination: FUNCTION },
    {
      ...{ name: 'on-topic', state: 'Failed', destination: FUNCTION },
      eventTypes: ['Microsoft.ContainerRegistry.ImagePushed'],
      systemTopicId: expect.stringMatching(/\/systemTopics\/contoso-events$/),
    },
  ]);
});

test('who has no role is shown none, and told so', async () => {
  await expect(find(stranger, 'contoso')).rejects.toThrow('Azure does not show the event subscriptions');
});
