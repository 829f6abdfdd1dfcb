import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import { type Bridge, startBridge } from '../../../support/bridge.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge({ coderAudience: 'api://coder' });
});
afterAll(() => bridge.close());

test('Coder gets the registry as Microsoft Azure Container Registry, without a login, through an Entra proxy', async () => {
  await bridge.put({ credential: { kind: 'managed-identity' } });
  const digest = await bridge.push('team/app:v1', image());

  await bridge.pushed('team/app:v1');

  const { registries, images } = bridge.cloud.standIns.coder.state();
  expect(registries).toHaveLength(1);
  expect(registries[0]).toMatchObject({
    friendly_name: 'contoso',
    registry: bridge.cloud.standIns.registry.loginServer,
    credential: { kind: 'acr', username: '', password: '' },
  });
  expect(images[0]?.tags).toMatchObject([{ tag: 'v1', latest_hash: digest }]);
  const [created] = bridge.cloud.standIns.coder.requests.all().filter(({ method }) => method === 'POST');
  expect(created?.body).not.toMatch(/username|password/);
  expect(created?.authorization).toBe('Bearer');
});

test('once Coder has the registry, a credential of another registry kind is refused', async () => {
  await expect(bridge.put()).rejects.toMatchObject({ reason: 'credential-kind-fixed' });
  expect(await bridge.services.registries.get('contoso')).toMatchObject({
    credential: { kind: 'managed-identity' },
  });
});
