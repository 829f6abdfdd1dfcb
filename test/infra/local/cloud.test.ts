import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type CloudOptions, startCloud } from '../../../infra/local/cloud.ts';
import { image } from '../../../infra/local/oci-image.ts';
import { pushImage } from '../../../infra/local/push-image.ts';
import { createSecrets } from '../../../infra/local/secrets.ts';
import { type Route, startStandIn } from '../../../infra/local/stand-in.ts';
import { startTenant, type Tenant } from '../../../infra/local/tenant.ts';
import type { Tls } from '../../../infra/local/tls.ts';
import { handleEvent } from '../../../shared/images/receive.ts';
import { pushEvent, startBridge, testTls } from '../../support/bridge.ts';

let tenant: Tenant;
let tls: Tls;

beforeAll(async () => {
  tls = await testTls();
  tenant = await startTenant();
});
afterAll(() => tenant.close());

async function startBridgeOfThisTest(options: Omit<CloudOptions, 'tls'> = {}) {
  const bridge = await startBridge({ tenant, ...options });
  onTestFinished(() => bridge.close());
  return bridge;
}

async function startCloudOfThisTest(options: Omit<CloudOptions, 'tls'> = {}) {
  const cloud = await startCloud({ tls, tenant, ...options });
  onTestFinished(() => cloud.close());
  return cloud;
}

describe('clouds of one tenant', () => {
  test('each serve a bridge in the same process, also after one moved its clock and one was closed', async () => {
    const closed = await startBridge({ tenant });
    const moved = await startBridgeOfThisTest();
    const other = await startBridgeOfThisTest();
    moved.cloud.clock.advance(48 * 3_600_000);
    await closed.put();
    await closed.close();

    for (const bridge of [moved, other]) {
      await bridge.put();
      const digest = await bridge.push('team/app:v1', image());
      await bridge.pushed('team/app:v1');
      expect(await bridge.record('team/app:v1')).toMatchObject({ state: 'imported', digest });
      expect(bridge.inCoder('team/app')).toEqual([{ v1: digest }]);
    }
  });

  test('keep their data apart', async () => {
    const [one, other] = [await startBridgeOfThisTest(), await startBridgeOfThisTest()];
    await one.put();
    await one.push('team/app:v1', image());
    await one.pushed('team/app:v1');

    expect(await other.record('team/app:v1')).toBeUndefined();
    expect(other.cloud.standIns.coder.state().images).toEqual([]);
    expect(Object.keys(other.cloud.standIns.keyVault.values())).toEqual(['coder-session-token']);
  });

  test('know the secrets of their Entra, and not those of each other', async () => {
    const [one, other] = [await startCloudOfThisTest(), await startCloudOfThisTest()];
    const token = await tenant.entra.tokenFor(tenant.bridge.clientId, 'https://vault.azure.net');

    for (const { secrets } of [one, other]) {
      expect(secrets.all()).toEqual(expect.arrayContaining([token, tenant.identityHeader]));
      expect(secrets.blank(`Bearer ${token}`)).toBe('Bearer ***');
    }
    expect(one.secrets.all()).toContain(one.coder.token);
    expect(other.secrets.all()).not.toContain(one.coder.token);
    expect(tenant.secrets.all()).not.toContain(one.coder.token);
  });

  test('trust no token of another tenant', async () => {
    const stranger = await startTenant();
    onTestFinished(() => stranger.close());
    const cloud = await startCloudOfThisTest();
    const credential = {
      getToken: async () => ({
        token: await stranger.entra.tokenFor(stranger.bridge.clientId, 'https://vault.azure.net'),
        expiresOnTimestamp: Date.now() + 60_000,
      }),
    };
    const options = { disableChallengeResourceVerification: true };
    const vault = cloud.standIns.keyVault.url;

    await expect(
      new SecretClient(vault, credential, options).getSecret('coder-session-token'),
    ).rejects.toMatchObject({ statusCode: 401 });
    Object.assign(process.env, cloud.appSettings);
    const own = new ManagedIdentityCredential({ clientId: tenant.bridge.clientId });
    expect(await new SecretClient(vault, own, options).getSecret('coder-session-token')).toMatchObject({
      value: cloud.coder.token,
    });
  });
});

test('a cloud closes the Entra that it started itself, and no other', async () => {
  const answers = (url: string) =>
    fetch(url).then(
      () => true,
      () => false,
    );
  const own = await startCloud({ tls });
  const guest = await startCloud({ tls, tenant });
  await Promise.all([own.close(), guest.close()]);

  expect(await answers(own.standIns.entra.url)).toBe(false);
  expect(await answers(tenant.entra.url)).toBe(true);
});

describe('further registries', () => {
  test('have their own address, id and content, and the users of the sample registry', async () => {
    const cloud = await startCloudOfThisTest({ registries: ['fabrikam', 'tailspin'] });
    const known = [{ ...cloud.registry, standIn: cloud.standIns.registry }, ...cloud.otherRegistries];

    expect(known.map(({ name }) => name)).toEqual(['contoso', 'fabrikam', 'tailspin']);
    expect(known.map(({ resourceId }) => resourceId.split('/').at(-1))).toEqual(
      known.map(({ name }) => name),
    );
    expect(new Set(known.map(({ standIn }) => standIn.port)).size).toBe(3);
    expect(cloud.appSettings.ACR_ALLOWED_HOSTS).toBe(
      known.map(({ standIn }) => standIn.loginServer).join(','),
    );
    const { pusher } = cloud.registry;
    for (const { name, standIn } of known) {
      await pushImage({ registryUrl: standIn.url, ...pusher, ca: tls.ca }, `only/${name}`, image(), 'v1');
    }
    for (const { name, standIn } of known) {
      const authorization = `Basic ${btoa(`${pusher.username}:${pusher.password}`)}`;
      const catalog = await fetch(`${standIn.url}/v2/_catalog`, { headers: { authorization } });
      expect(await catalog.json()).toEqual({ repositories: [`only/${name}`] });
    }
  });

  test('are known to Azure, and import by the bridge like the sample registry', async () => {
    const bridge = await startBridgeOfThisTest({ registries: ['fabrikam'] });
    const { cloud } = bridge;
    const [fabrikam] = cloud.otherRegistries;
    if (!fabrikam) throw new Error('The registry that was asked for is missing.');
    const { resourceId, standIn } = fabrikam;
    const target = { registryUrl: standIn.url, ...cloud.registry.pusher, ca: tls.ca };

    await bridge.put();
    await bridge.put({ resourceId }, 'fabrikam');
    const digest = await pushImage(target, 'team/app', image(), 'v1');
    await handleEvent(bridge.services, pushEvent(resourceId, 'team/app:v1', cloud.clock.now()), bridge.log);

    const record = await bridge.services.images.get('fabrikam', { repository: 'team/app', tag: 'v1' });
    expect(record).toMatchObject({ state: 'imported', digest });
    expect(await bridge.record('team/app:v1')).toBeUndefined();
    expect(cloud.standIns.coder.state()).toMatchObject({
      registries: [{ registry: standIn.loginServer }],
      images: [{ repository: 'team/app', tags: [{ tag: 'v1', latest_hash: digest }] }],
    });
  });

  test('publish to the same Event Grid, under their own ids', async () => {
    const cloud = await startCloudOfThisTest({ registries: ['fabrikam'] });
    const { eventGrid, registry } = cloud.standIns;
    const webhook = await startWebhook();
    await eventGrid.subscribe({ endpoint: webhook.url });
    for (const { url } of [registry, ...cloud.otherRegistries.map(({ standIn }) => standIn)]) {
      await pushImage({ registryUrl: url, ...cloud.registry.pusher, ca: tls.ca }, 'app', image(), 'v1');
    }

    await expect
      .poll(() => webhook.topics)
      .toEqual([cloud.registry.resourceId, cloud.otherRegistries[0]?.resourceId]);
  });
});

/** A subscriber that notes the topic of each event. */
async function startWebhook() {
  const topics: string[] = [];
  const route: Route = {
    method: 'POST',
    path: /^\/$/,
    handle({ headers, body }) {
      const [event] = JSON.parse(body.toString());
      if (headers['aeg-event-type'] === 'SubscriptionValidation') {
        return { status: 200, body: { validationResponse: event.data.validationCode } };
      }
      topics.push(event.topic);
      return { status: 202 };
    },
  };
  const server = await startStandIn({ routes: [route], secrets: createSecrets() });
  onTestFinished(() => server.close());
  return { url: server.url, topics };
}
