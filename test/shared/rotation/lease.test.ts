import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { StoredRegistry } from '../../../shared/records/registry.ts';
import { createRotationLease, type RotationLease } from '../../../shared/rotation/lease.ts';
import { requestRotation } from '../../../shared/rotation/request.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;
/** Two runs that began with the same record. */
let one: RotationLease;
let other: RotationLease;

beforeAll(async () => {
  bridge = await startBridge();
  await bridge.put({ credential: { kind: 'entra-identity' } });
});
afterAll(() => bridge.close());

const now = () => bridge.cloud.clock.now();
const read = async () => (await bridge.services.registries.get('contoso')) as StoredRegistry;

beforeEach(async () => {
  const found = await read();
  [one, other] = [found, found].map(registry =>
    createRotationLease(bridge.services.registries, registry, now),
  ) as [RotationLease, RotationLease];
});

test('of two runs one takes the lease, and the other changes nothing', async () => {
  await one.take();
  const held = await read();

  await expect(other.take()).rejects.toMatchObject({ name: 'ConflictError' });
  await expect(other.save({ warnedOf: 'other' })).rejects.toMatchObject({ name: 'ConflictError' });
  await other.release();

  expect([one.isHeld(), other.isHeld()]).toEqual([true, false]);
  expect(await read()).toEqual(held);
  await one.release();
  expect((await read()).rotation.leaseUntil).toBeUndefined();
});

test('a request made during a run is kept by the next write of that run', async () => {
  await one.take();
  const { rotation } = await requestRotation(bridge.services, 'contoso', true);
  const asked = { warnedOf: 'one', compromisedOn: rotation.compromisedOn };

  await one.save({ warnedOf: 'one' });

  expect(one.registry().rotation).toMatchObject(asked);
  await one.release();
  expect((await read()).rotation).toMatchObject(asked);
});

test('after a change of what is declared the next write fails, and the lease is still released', async () => {
  await one.take();
  const { etag: _, ...registry } = await read();
  await bridge.services.registries.save({ ...registry, suspended: true }, await read());

  await expect(one.save({ warnedOf: 'again' })).rejects.toMatchObject({ name: 'ConflictError' });
  await one.release();

  expect(await read()).toMatchObject({
    suspended: true,
    rotation: expect.not.objectContaining({ warnedOf: 'again' }),
  });
  expect((await read()).rotation.leaseUntil).toBeUndefined();
});
