import { randomUUID } from 'node:crypto';
import { createMovableClock, type MovableClock } from './clock.ts';
import { createSecrets, type Secrets } from './secrets.ts';
import type { StandIn } from './stand-in.ts';
import { type ArmStandIn, startArm } from './stand-ins/arm.ts';
import { type CoderStandIn, startCoder } from './stand-ins/coder/coder.ts';
import { type EntraStandIn, startEntra } from './stand-ins/entra.ts';
import { type EventGridStandIn, startEventGrid } from './stand-ins/event-grid/event-grid.ts';
import { type KeyVaultStandIn, startKeyVault } from './stand-ins/key-vault.ts';
import { type RegistryStandIn, type RegistryUser, startRegistry } from './stand-ins/registry/registry.ts';
import { startTables, type TablesStandIn } from './stand-ins/tables.ts';
import type { Tls } from './tls.ts';

/** Azure and Coder as the bridge meets them, on loopback. */
export interface Cloud {
  standIns: {
    entra: EntraStandIn;
    arm: ArmStandIn;
    keyVault: KeyVaultStandIn;
    tables: TablesStandIn;
    eventGrid: EventGridStandIn;
    registry: RegistryStandIn;
    coder: CoderStandIn;
  };
  clock: MovableClock;
  secrets: Secrets;
  /** The sample registry: its id, and who may do what there. */
  registry: { name: string; resourceId: string; pusher: RegistryUser; puller: RegistryUser };
  coder: { token: string; organizationId: string };
  /** The environment of an app that runs in this cloud, with the same names as in Azure. */
  appSettings: Record<string, string>;
  close(): Promise<void>;
}

export interface CloudOptions {
  tls: Tls;
  /** 0, the default, takes any free port. */
  ports?: { registry?: number; coder?: number };
  /** See RegistryOptions. */
  registryUpstream?: string | undefined;
  /** When set, Coder is behind a proxy that asks for Entra tokens of this audience. */
  coderAudience?: string | undefined;
}

const NAME = 'contoso';
const RESOURCE_ID = `/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/coder/providers/Microsoft.ContainerRegistry/registries/${NAME}`;

/** Starts every service that the bridge talks to, and lays the wires between them as a deployment would. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { tls, ports = {}, registryUpstream, coderAudience } = options;
  const secrets = createSecrets();
  const clock = createMovableClock();
  const now = clock.now;
  const tenantId = randomUUID();
  const bridge = { name: 'bridge', clientId: randomUUID(), objectId: randomUUID() };
  const coderPods = { name: 'coder', clientId: randomUUID(), objectId: randomUUID() };
  const identityHeader = secrets.random();
  const pusher: RegistryUser = {
    kind: 'admin',
    username: NAME,
    password: secrets.random(),
    actions: ['pull', 'push', 'delete', 'metadata_read', 'metadata_write', 'catalog'],
  };
  const puller: RegistryUser = {
    kind: 'token',
    username: 'coder-pull',
    password: secrets.random(),
    actions: ['pull', 'metadata_read'],
  };

  const entra = await startEntra({ secrets, now, tenantId, identities: [bridge, coderPods], identityHeader });
  const guarded = { secrets, now, tls, verifyEntraToken: entra.verify };
  const eventGrid = await startEventGrid({ secrets, clock, key: secrets.random() });
  const registry = await startRegistry({
    ...guarded,
    port: ports.registry ?? 0,
    resourceId: RESOURCE_ID,
    users: [pusher, puller],
    identities: {
      [bridge.objectId]: ['pull', 'metadata_read', 'catalog'],
      [coderPods.objectId]: ['pull'],
    },
    publish: eventGrid.publish,
    ...(registryUpstream && { upstream: registryUpstream }),
  });
  const arm = await startArm({ ...guarded, readers: [bridge.objectId] });
  arm.addRegistry({ resourceId: RESOURCE_ID, loginServer: registry.loginServer, sku: 'Premium' });
  const keyVault = await startKeyVault({
    ...guarded,
    tenantId,
    readers: [bridge.objectId],
    writers: [bridge.objectId],
  });
  const tables = await startTables({
    ...guarded,
    contributors: [bridge.objectId],
    tables: ['registries', 'images'],
  });
  const coder = { token: secrets.random(), organizationId: randomUUID() };
  const coderStandIn = await startCoder({
    secrets,
    now,
    tls,
    port: ports.coder ?? 0,
    sessionToken: coder.token,
    organizationId: coder.organizationId,
    identityToken: () => entra.tokenFor(coderPods.clientId, 'https://containerregistry.azure.net'),
    ...(coderAudience && { entraProxy: { verify: entra.verify, audience: coderAudience } }),
  });
  keyVault.put('coder-session-token', coder.token);

  const standIns = { entra, arm, keyVault, tables, eventGrid, registry, coder: coderStandIn };
  return {
    standIns,
    clock,
    secrets,
    registry: { name: NAME, resourceId: RESOURCE_ID, pusher, puller },
    coder,
    appSettings: {
      TABLES_URL: tables.url,
      KEY_VAULT_URL: keyVault.url,
      KEY_VAULT_CHALLENGE_CHECK: 'off',
      ARM_URL: arm.url,
      ACR_ALLOWED_HOSTS: registry.loginServer,
      CODER_URL: coderStandIn.url,
      CODER_ORGANIZATION_ID: coder.organizationId,
      ...(coderAudience && { CODER_AUDIENCE: coderAudience }),
      AZURE_CLIENT_ID: bridge.clientId,
      IDENTITY_ENDPOINT: entra.identityEndpoint,
      IDENTITY_HEADER: identityHeader,
      NODE_EXTRA_CA_CERTS: tls.caFile,
    },
    async close() {
      await Promise.all(Object.values(standIns).map((standIn: StandIn) => standIn.close()));
    },
  };
}
