import { afterAll, beforeAll, expect, test } from 'vitest';
import { rotateDue } from '../../../shared/rotation/timer.ts';
import type { Services } from '../../../shared/services.ts';
import { type RotationWorld, startRotationWorld } from './world.ts';

// What each run of the timer says of every credential: alerts last for as long as it says so.

const DAY_MS = 86_400_000;

let world: RotationWorld;
let services: Services;

beforeAll(async () => {
  world = await startRotationWorld();
  services = world.newInstance();
});
afterAll(() => world.close());

/** What the last of some runs says of the registry's credential. */
async function said({ runs = 1 } = {}): Promise<unknown> {
  const { logged, log } = world.bridge;
  for (let i = 0; i < runs; i += 1) await rotateDue(services, AbortSignal.timeout(30_000), log);
  const line = logged.findLast(entry => entry.startsWith('credential {'));
  return line && JSON.parse(line.slice('credential '.length));
}

function inDays(days: number): string {
  return new Date(services.now().getTime() + days * DAY_MS).toISOString();
}

test('a password that ends within a week is said to, until a later one is put', async () => {
  const { username, password } = world.bridge.cloud.registry.puller;
  const credential = { kind: 'static', username, password };
  const expiresOn = inDays(6);
  await world.bridge.put({ credential: { ...credential, expiresOn } });
  expect(await said()).toMatchObject({ registry: 'contoso', kind: 'static', expiresOn, endsSoon: true });

  await world.bridge.put({ credential: { ...credential, expiresOn: inDays(8) } });
  expect(await said()).toMatchObject({ endsSoon: false });
});

test('what fails is said with each run, until it does not', async () => {
  const { puller } = world.bridge.cloud.registry;
  const { password } = puller;
  puller.password = world.bridge.cloud.secrets.random();
  const lastResult = { outcome: 'failed', reason: 'credential-refused' };
  expect(await said({ runs: 2 })).toMatchObject({ lastResult });
  expect(await said()).toMatchObject({ lastResult });

  puller.password = password;
  expect(await said({ runs: 2 })).not.toHaveProperty('lastResult');
});

test('what the bridge renews is said to be renewed, and when; an identity of its own never is', async () => {
  await world.add('admin');
  await world.untilQuiet();
  const { credential, rotation } = await world.registry();
  const { rotateEveryHours } = credential as { rotateEveryHours: number };
  const renewedOn = (rotation.current?.issuedOn.getTime() ?? 0) + rotateEveryHours * 3_600_000;
  expect(await said()).toMatchObject({ kind: 'admin', nextRotationOn: new Date(renewedOn).toISOString() });

  await world.bridge.put({ credential: { kind: 'managed-identity' } });
  expect(await said()).toEqual({ registry: 'contoso', kind: 'managed-identity', endsSoon: false });
});
