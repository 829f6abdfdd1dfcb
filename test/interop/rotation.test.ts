import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import { KINDS, type RotationWorld, startRotationWorld } from '../shared/rotation/world.ts';
import { createSkopeo, type Skopeo } from './skopeo.ts';

// A real client pulls with what Coder holds, after each step of a credential's life.

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rotation-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe.each(KINDS)('with a credential of kind %s skopeo', kind => {
  let world: RotationWorld;
  let skopeo: Skopeo;

  beforeAll(async () => {
    world = await startRotationWorld();
    skopeo = createSkopeo(world.bridge.cloud.standIns.registry.loginServer, world.bridge.tls);
    await world.add(kind);
    await world.untilQuiet();
    await world.pushed('team/app:v1', image({ content: kind }));
  });
  afterAll(() => world.close());

  const heldLogin = () => world.held() ?? { username: '', password: '' };
  const pull = (step: string, login = heldLogin()) =>
    skopeo.pull('team/app:v1', join(folder, `${kind}-${step}`), login);

  test('pulls after the first import', () => pull('first'));

  test.each(['one', 'two', 'three'])(
    'pulls after rotation %s, and no more with what was revoked',
    async nth => {
      const before = heldLogin();
      await world.untilRotated(before.password);

      await pull(nth);

      // A token that ACR issued to an identity cannot be revoked, and is valid until it expires.
      if (kind !== 'entra-identity') await expect(pull(`${nth}-old`, before)).rejects.toThrow();
    },
  );

  test('pulls after the credential was revoked and renewed', async () => {
    await world.breakCurrent(kind);
    await expect(pull('broken')).rejects.toThrow();

    await world.untilQuiet();

    await pull('renewed');
  });

  test('pulls after the credential has ended while the bridge was down', async () => {
    world.bridge.cloud.clock.advance(10 * 24 * 3_600_000);
    if (kind !== 'admin') await expect(pull('ended')).rejects.toThrow();

    await world.untilQuiet();

    await pull('renewed');
  });
});
