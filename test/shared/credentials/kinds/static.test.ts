import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import { sweep } from '../../../../shared/images/sweep.ts';
import { type Bridge, startBridge } from '../../../support/bridge.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
});
afterEach(() => bridge.clearFaults());
afterAll(() => bridge.close());

const held = () =>
  bridge.cloud.standIns.coder.state().registries.map(({ credential }) => credential.password);
const change = () => {
  const { puller } = bridge.cloud.registry;
  puller.password = bridge.cloud.secrets.random();
  return { credential: { kind: 'static', username: puller.username, password: puller.password } };
};

/** Names of the secrets in Key Vault that hold passwords of the registry. */
const secretNames = () =>
  Object.keys(bridge.cloud.standIns.keyVault.values()).filter(name => name.startsWith('registry-contoso-'));

test('the password goes to Key Vault, and from there to Coder with the first import', async () => {
  const { puller } = bridge.cloud.registry;
  await bridge.put();
  expect(held()).toEqual([]);
  await bridge.push('team/app:v1', image());

  await bridge.pushed('team/app:v1');

  expect(held()).toEqual([puller.password]);
  expect(secretNames().map(name => bridge.cloud.standIns.keyVault.values()[name])).toEqual([puller.password]);
});

test('a new password is given to Coder when it is put', async () => {
  await bridge.put(change());

  expect(held()).toEqual([bridge.cloud.registry.puller.password]);
});

test('with Coder down the new password is kept, and given when Coder is back', async () => {
  bridge.cloud.standIns.coder.faults.add({ status: 503 });
  const before = held();
  await bridge.put(change());
  expect(held()).toEqual(before);

  bridge.cloud.standIns.coder.faults.clear();
  await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);

  expect(held()).toEqual([bridge.cloud.registry.puller.password]);
});

test('an import never runs on a password that was replaced', async () => {
  bridge.cloud.standIns.coder.faults.add({ method: 'PATCH', status: 503, times: 1 });
  await bridge.put(change());
  const digest = await bridge.push('team/app:v2', image({ content: 'two' }));

  await bridge.pushed('team/app:v2');

  expect(await bridge.record('team/app:v2')).toMatchObject({ state: 'imported', digest });
});

test('an instance that remembers the old password gives Coder the new one all the same', async () => {
  const other = bridge.anotherInstance();
  await bridge.push('team/app:v3', image({ content: 'three' }));
  await bridge.pushed('team/app:v3', { services: other });
  await bridge.put(change());
  const digest = await bridge.push('team/app:v4', image({ content: 'four' }));

  await bridge.pushed('team/app:v4', { services: other });

  expect(held()).toEqual([bridge.cloud.registry.puller.password]);
  expect(await bridge.record('team/app:v4')).toMatchObject({ state: 'imported', digest });
});

test('a PUT with a password repairs one that was lost from Key Vault', async () => {
  for (const name of secretNames()) await bridge.services.vault.remove(name);
  const { username, password } = bridge.cloud.registry.puller;

  await bridge.put({ credential: { kind: 'static', username, password } });

  expect(secretNames().map(name => bridge.cloud.standIns.keyVault.values()[name])).toEqual([password]);
});

test('no part of the password is kept of an error in which Coder quotes it', async () => {
  const { password } = change().credential;
  const { username } = bridge.cloud.registry.puller;
  const msg = `${'x'.repeat(285)}${password}`;
  bridge.cloud.standIns.coder.faults.add({ method: 'PATCH', status: 400, body: { error: { msg } } });
  await bridge.put({ credential: { kind: 'static', username, password } });
  await bridge.push('team/app:v5', image({ content: 'five' }));

  await bridge.pushed('team/app:v5');

  const record = await bridge.record('team/app:v5');
  expect(record).toMatchObject({ state: 'failed', reason: 'coder-rejected' });
  expect(record?.message).not.toContain(password.slice(0, 8));
});

test('a password that the registry stopped accepting is named as the reason', async () => {
  bridge.cloud.registry.puller.password = bridge.cloud.secrets.random();
  await bridge.push('team/new:v1', image({ content: 'new' }));

  await bridge.pushed('team/new:v1');

  const record = await bridge.record('team/new:v1');
  expect(record).toMatchObject({ state: 'failed', reason: 'credential-refused' });
  expect(record?.message).toContain('coder-pull');
});

test('the bridge reuses the name of a deleted secret that the vault keeps', async () => {
  const { keyVault } = bridge.cloud.standIns;
  await bridge.services.vault.write('again', 'first');
  await bridge.services.vault.remove('again');
  expect(Object.keys(keyVault.values())).not.toContain('again');

  const version = await bridge.services.vault.write('again', 'second');

  expect(await bridge.services.vault.read('again', version)).toBe('second');
});
