import { afterAll, beforeAll, expect, test } from 'vitest';
import { normalizeRegistryId } from '../../../shared/azure/arm/resource-id.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;
let id: string;

beforeAll(async () => {
  bridge = await startBridge();
  id = normalizeRegistryId(bridge.cloud.registry.resourceId);
});
afterAll(() => bridge.close());

const reads = () =>
  bridge.cloud.standIns.tables.requests.all().filter(({ path }) => path.includes('registries')).length;

test('a registry that another instance added is found at once, and then remembered for a while', async () => {
  const { registries } = bridge.anotherInstance();
  expect(await registries.findByResourceId(id)).toBeUndefined();
  await bridge.put();

  expect(await registries.findByResourceId(id)).toMatchObject({ name: 'contoso' });
  const before = reads();
  await registries.findByResourceId(id);
  expect(reads()).toBe(before);

  bridge.cloud.clock.advance(11_000);
  await registries.findByResourceId(id);
  expect(reads()).toBeGreaterThan(before);
});

test('many events at once read the registries once', async () => {
  const { registries } = bridge.anotherInstance();
  const before = reads();

  const found = await Promise.all(Array.from({ length: 50 }, () => registries.findByResourceId(id)));

  expect(found.every(registry => registry?.name === 'contoso')).toBe(true);
  expect(reads()).toBe(before + 1);
});

test('of two changes that were decided on the same state one is refused', async () => {
  const { registries } = bridge.services;
  const seen = await registries.get('contoso');
  if (!seen) throw new Error('no registry');
  const { etag: _, ...registry } = seen;
  await registries.save({ ...registry, sku: 'Basic' }, seen);

  await expect(registries.save({ ...registry, sku: 'Standard' }, seen)).rejects.toThrow('changed in between');
  await expect(registries.save(registry, undefined)).rejects.toThrow('changed in between');
  await expect(registries.remove('contoso', seen)).rejects.toThrow('changed in between');
});
