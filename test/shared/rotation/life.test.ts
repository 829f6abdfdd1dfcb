import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../../infra/local/oci-image.ts';
import { FORMS } from '../../../infra/local/quotes.ts';
import { registryView } from '../../../shared/api/views/registry.ts';
import { shownIn } from '../../support/shown-secrets.ts';
import { KINDS, type RotatingKind, type RotationWorld, startRotationWorld } from './world.ts';

// Each kind from its first credential to the last, through the real SDK clients.

describe.each(KINDS)('a registry with a credential of kind %s', kind => {
  let world: RotationWorld;

  beforeAll(async () => {
    world = await startRotationWorld();
  });
  afterAll(() => world.close());

  const name = (): RotatingKind => kind;

  test('is given its first credential, and Coder imports with it', async () => {
    await world.add(name());
    await world.untilQuiet();

    await world.pushed('team/app:v1', image({ content: kind }));

    expect(await world.bridge.record('team/app:v1')).toMatchObject({ state: 'imported' });
    await world.expectSound();
  });

  test('is rotated three times, each when it is due, and Coder never holds what is refused', async () => {
    for (let i = 0; i < 3; i += 1) {
      const before = world.held()?.password;

      await world.untilRotated(before);

      expect(world.held()?.password).not.toBe(before);
      await world.expectSound();
      expect(await world.isAccepted({ username: world.held()?.username ?? '', password: before ?? '' })).toBe(
        kind === 'entra-identity',
      );
    }
  });

  test('is replaced at once when it is compromised', async () => {
    const before = world.held()?.password;

    await world.compromise();
    await world.untilQuiet();

    expect(world.held()?.password).not.toBe(before);
    await world.expectSound();
  });

  test('is replaced in the same run when it is compromised while another is tested', async () => {
    const before = world.held()?.password;
    await world.request();
    world.meanwhile(() => world.compromise());

    await world.run(world.newInstance());

    const { current, compromisedOn, leaseUntil } = (await world.registry()).rotation;
    expect(current?.issuedOn.getTime()).toBeGreaterThanOrEqual(compromisedOn?.getTime() as number);
    expect(leaseUntil).toBeUndefined();
    expect(world.held()?.password).not.toBe(before);
    await world.expectSound();
  });

  test('releases its lease when what is declared changes while a new one is tested', async () => {
    await world.request();
    world.meanwhile(() => world.declare({ policy: { rules: [{ repository: 'team/**' }] } }));

    await world.run(world.newInstance());

    expect((await world.registry()).rotation.leaseUntil).toBeUndefined();
    await world.untilQuiet();
    await world.expectSound();
  });

  test('is replaced when a person makes it useless in Azure', async () => {
    if (!(await world.breakCurrent(kind))) return;
    expect(await world.isAccepted(world.held())).toBe(false);

    await world.untilQuiet();

    await world.expectSound();
  });

  test('is given to Coder again when a person changes it there', async () => {
    await world.changeInCoder({ password: 'typed by hand' });
    expect(await world.isAccepted(world.held())).toBe(false);

    await world.untilQuiet();

    await world.expectSound();
  });

  test('stays valid after its grace period where a person put it back, until Coder takes the newer one', async () => {
    const before = world.held()?.password;
    await world.request();
    await world.run(world.newInstance());
    await world.changeInCoder({ password: before });
    world.bridge.cloud.clock.advance(31 * 60_000);
    world.bridge.cloud.standIns.coder.faults.add({ method: 'PATCH', status: 503 });

    await world.run(world.newInstance());

    expect(world.held()?.password).toBe(before);
    expect(await world.isAccepted(world.held())).toBe(true);
    world.bridge.clearFaults();
    await world.untilQuiet();
    expect(world.held()?.password).not.toBe(before);
    await world.expectSound();
  });

  test('is issued anew when the secret is gone from Key Vault', async () => {
    await world.loseSecret();

    await world.untilQuiet();

    await world.expectSound();
  });

  test('is kept when Coder refuses the new one, which is reported and revoked', async () => {
    const before = world.held()?.password;
    const { coder } = world.bridge.cloud.standIns;
    coder.faults.add({ method: 'POST', path: '/tags/update$', status: 400, times: 1 });

    await world.request();
    await world.untilQuiet();

    expect(world.held()?.password).toBe(before);
    expect((await world.registry()).rotation.lastResult).toMatchObject({
      outcome: 'failed',
      reason: 'coder-rejected',
    });
    await world.expectSound();
  });

  test('goes on after services that quote every secret that they were sent', async () => {
    const forms = Object.keys(FORMS);
    for (const [i, service] of (['arm', 'graph', 'registry', 'keyVault', 'coder'] as const).entries()) {
      await world.request();
      for (const [j, status] of [500, 400, 403].entries()) {
        const quotes = forms[(3 * i + j) % forms.length] as string;
        world.bridge.cloud.standIns[service].faults.add({ status, quotes, times: 2 });
        await world.run(world.newInstance());
        world.bridge.clearFaults();
      }
      world.bridge.cloud.clock.advance(20 * 60_000);
      await world.untilQuiet();
    }
    await world.expectSound();
  });

  test('is announced to the topic, and its secrets are in Key Vault and Coder only', async () => {
    const { topic, tables, coder, keyVault } = world.bridge.cloud.standIns;
    const types = topic.published().map(({ type }) => type);

    expect(types).toEqual(
      expect.arrayContaining([
        'com.coder.acr-bridge.Registry.CredentialRotated',
        'com.coder.acr-bridge.Registry.RotationFailed',
      ]),
    );
    expect(types).toContain('com.coder.acr-bridge.Image.Imported');
    const secrets = world.bridge.cloud.secrets.all().filter(secret => secret.length > 7);
    const places = {
      events: JSON.stringify(topic.published()),
      log: world.bridge.logged.join('\n'),
      tables: JSON.stringify(await tables.dump()),
      answers: JSON.stringify(registryView(await world.registry())),
      requests: JSON.stringify([coder, keyVault, tables].map(({ requests }) => requests.all())),
    };
    for (const [place, text] of Object.entries(places)) {
      expect(shownIn(text, secrets), `secrets in ${place}`).toEqual([]);
    }
    expect(secrets.length).toBeGreaterThan(10);
  });
});
