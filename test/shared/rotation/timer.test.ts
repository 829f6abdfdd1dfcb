import { afterAll, beforeAll, expect, test } from 'vitest';
import { rotateDue } from '../../../shared/rotation/timer.ts';
import type { Services } from '../../../shared/services.ts';
import { type RotationWorld, startRotationWorld } from './world.ts';

// Each run of the timer logs how every credential is. An alert lasts for as long as these lines report it.

const DAY_MS = 86_400_000;

let world: RotationWorld;
let services: Services;

beforeAll(async () => {
  world = await startRotationWorld();
  services = world.newInstance();
});
afterAll(() => world.close());

/** The fields that the last of some runs logs about the registry's credential. */
async function logged({ runs = 1 } = {}): Promise<unknown> {
  const { logged: lines, log } = world.bridge;
  for (let i = 0; i < runs; i += 1) await rotateDue(services, AbortSignal.timeout(30_000), log);
  const line = lines.findLast(entry => entry.startsWith('credential {'));
  return line && JSON.parse(line.slice('credential '.length));
}

function inDays(days: number): string {
  return new Date(services.now().getTime() + days * DAY_MS).toISOString();
}

test('a supplied password is logged as ending soon a week before it ends, until it is renewed', async () => {
  const { username, password } = world.bridge.cloud.registry.puller;
  const credential = { kind: 'static', username, password };
  const expiresOn = inDays(6);
  await world.bridge.put({ credential: { ...credential, expiresOn } });
  expect(await logged()).toMatchObject({ registry: 'contoso', kind: 'static', expiresOn, endsSoon: true });

  await world.bridge.put({ credential: { ...credential, expiresOn: inDays(8) } });
  expect(await logged()).toMatchObject({ endsSoon: false });
});

test('a failure is logged with each run until it is over', async () => {
  const { puller } = world.bridge.cloud.registry;
  const { password } = puller;
  puller.password = world.bridge.cloud.secrets.random();
  const lastResult = { outcome: 'failed', reason: 'credential-refused' };
  expect(await logged({ runs: 2 })).toMatchObject({ lastResult });
  expect(await logged()).toMatchObject({ lastResult });

  puller.password = password;
  expect(await logged({ runs: 2 })).not.toHaveProperty('lastResult');
});

test('the next rotation is logged of a kind that the bridge renews, and not of managed-identity', async () => {
  await world.add('admin');
  await world.untilQuiet();
  const { credential, rotation } = await world.registry();
  const { rotateEveryHours } = credential as { rotateEveryHours: number };
  const renewedOn = (rotation.current?.issuedOn.getTime() ?? 0) + rotateEveryHours * 3_600_000;
  expect(await logged()).toMatchObject({ kind: 'admin', nextRotationOn: new Date(renewedOn).toISOString() });

  await world.bridge.put({ credential: { kind: 'managed-identity' } });
  expect(await logged()).toEqual({ registry: 'contoso', kind: 'managed-identity', endsSoon: false });
});
