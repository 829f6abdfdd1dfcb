import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import { type ArmStandIn, startArm } from '../../../../infra/local/stand-ins/arm.ts';
import { testTls } from '../../../support/bridge.ts';

const resourceId = '/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/Demo';

let arm: ArmStandIn;

beforeAll(async () => {
  const tls = await testTls();
  const now = () => new Date();
  arm = await startArm({
    secrets: createSecrets(),
    now,
    tls,
    verifyEntraToken: async () => undefined,
    allowed: {},
  });
  arm.addRegistry({ resourceId, loginServer: 'demo.azurecr.io' });
});
afterAll(() => arm.close());

async function switchTo(body: object): Promise<number> {
  const init = { method: 'POST', body: JSON.stringify(body) };
  return (await fetch(`${arm.url}/_stand-in/administrator`, init)).status;
}

test('the administrator of a registry can be switched on and off from outside', async () => {
  const { admin } = arm.accounts(resourceId);
  const [password] = admin.passwords();
  const accepted = () => admin.accepts(admin.username, password?.value ?? '');

  expect(accepted()).toBe(false);
  expect(await switchTo({ name: 'demo', enabled: true })).toBe(204);
  expect(accepted()).toBe(true);
  expect(await switchTo({ name: 'demo', enabled: false })).toBe(204);
  expect(accepted()).toBe(false);
});

test.each([{ name: 'other', enabled: true }, { name: 'demo' }, { enabled: true }])(
  '%j is refused',
  async body => {
    expect(await switchTo(body)).toBe(400);
  },
);
