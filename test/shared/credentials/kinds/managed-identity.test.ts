import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import { diagnose } from '../../../../shared/diagnostics/diagnose.ts';
import { timeLimit } from '../../../../shared/lib/time-limit.ts';
import { deleteRegistry } from '../../../../shared/registries/delete.ts';
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

describe('a registry that Coder has already', () => {
  const identity = { credential: { kind: 'managed-identity' } };
  const coderKind = async () =>
    (await diagnose(bridge.services, 'contoso', timeLimit(25_000))).find(
      ({ check }) => check === 'coder-registry',
    );
  const showKind = (showRegistryKind: boolean) =>
    bridge.askCoder('POST', '/_stand-in/switches', { showRegistryKind });

  test('is refused with another kind, also after it was deleted in the bridge, with what can be done', async () => {
    await showKind(true);
    await deleteRegistry(bridge.services, 'contoso', {});

    await expect(bridge.put()).rejects.toMatchObject({
      reason: 'credential-kind-fixed',
      remedy: expect.stringMatching(/credential\.kind managed-identity.*move the workspaces/),
    });
    expect(await bridge.services.registries.get('contoso')).toBeUndefined();
    await bridge.put(identity);
    expect(await coderKind()).toMatchObject({ ok: true });
  });

  test('is not called right where Coder does not show its kind, and can be declared as Coder has it', async () => {
    await showKind(false);
    await bridge.put();
    expect(await coderKind()).toMatchObject({
      ok: null,
      reason: 'not-checked',
      message: expect.stringMatching(/does not show its registry kind.*managed-identity/),
    });

    await showKind(true);
    expect(await coderKind()).toMatchObject({ ok: false, reason: 'registry-kind-wrong' });
    await bridge.put(identity);
    expect(await coderKind()).toMatchObject({ ok: true });
  });

  test('can be added while Coder is away', async () => {
    await deleteRegistry(bridge.services, 'contoso', {});
    bridge.cloud.standIns.coder.faults.add({ status: 503 });

    await bridge.put(identity);
    bridge.clearFaults();

    expect(await coderKind()).toMatchObject({ ok: true });
  });
});
