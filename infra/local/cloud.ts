import { randomUUID } from 'node:crypto';
import { createMovableClock, type MovableClock } from './clock.ts';
import { setUpSampleCoder } from './coder-v2-sample.ts';
import { createSecrets, type Secrets } from './secrets.ts';
import type { StandIn } from './stand-in.ts';
import { CREDENTIAL_MANAGER } from './stand-ins/arm/actions.ts';
import { type ArmStandIn, startArm } from './stand-ins/arm.ts';
import { type CoderStandIn, startCoder } from './stand-ins/coder-classic/coder.ts';
import { type CoderV2StandIn, startCoderV2 } from './stand-ins/coder-v2/coder-v2.ts';
import { createKubelet } from './stand-ins/coder-v2/kubelet/kubelet.ts';
import type { EntraStandIn } from './stand-ins/entra.ts';
import { type EventGridStandIn, startEventGrid } from './stand-ins/event-grid/event-grid.ts';
import { startTopic, type TopicStandIn } from './stand-ins/event-grid-topic.ts';
import { type GraphStandIn, startGraph } from './stand-ins/graph.ts';
import { type KeyVaultStandIn, startKeyVault } from './stand-ins/key-vault.ts';
import type { KubernetesStandIn } from './stand-ins/kubernetes/kubernetes.ts';
import type { FindAccount } from './stand-ins/registry/grants.ts';
import {
  type RegistryOptions,
  type RegistryStandIn,
  type RegistryUser,
  startRegistry,
} from './stand-ins/registry/registry.ts';
import type { Action } from './stand-ins/registry/scope.ts';
import { startTables, type TablesStandIn } from './stand-ins/tables.ts';
import { startTenant, type Tenant } from './tenant.ts';
import type { Tls } from './tls.ts';
import { pullSecretIn, startWorkspaceCluster } from './workspace-cluster.ts';

/** Stand-ins for Azure and Coder, on loopback. */
export interface Cloud {
  standIns: {
    entra: EntraStandIn;
    arm: ArmStandIn;
    graph: GraphStandIn;
    keyVault: KeyVaultStandIn;
    tables: TablesStandIn;
    eventGrid: EventGridStandIn;
    /** The topic for the bridge's own events. */
    topic: TopicStandIn;
    registry: RegistryStandIn;
    /** Coder Classic. */
    coder: CoderStandIn;
    /** Coder v2, where that is what the bridge is for. */
    coderV2?: CoderV2StandIn;
    /** The API server of the cluster that workspaces of Coder v2 run in. */
    kubernetes?: KubernetesStandIn;
  };
  clock: MovableClock;
  secrets: Secrets;
  /** The sample registry: its id, and the rights of its users. */
  registry: { name: string; resourceId: string; pusher: RegistryUser; puller: RegistryUser };
  /** Rights of the bridge at each registry; tests may change them at any time. */
  bridgeActions: Action[];
  /** The further registries, in the order of the request, with the same rights as the sample registry. */
  otherRegistries: OtherRegistry[];
  /** An app registration that the bridge owns. It has no secret yet. */
  servicePrincipal: ServicePrincipal;
  /** The Coder that the bridge is for. */
  coder: ServedCoder;
  /** The environment of an app that runs in this cloud, with the same names as in Azure. */
  appSettings: Record<string, string>;
  close(): Promise<void>;
}

export interface OtherRegistry {
  name: string;
  resourceId: string;
  standIn: RegistryStandIn;
}

export interface ServicePrincipal {
  /** Client id: the user name at registries. */
  appId: string;
  /** Object id of the application in Graph. */
  applicationObjectId: string;
  /** Its rights at each registry; tests may change them at any time. */
  actions: Action[];
}

export interface CloudOptions {
  tls: Tls;
  /** A tenant to share with other clouds; its owner closes it. By default the cloud starts its own. */
  tenant?: Tenant | undefined;
  /** Names of registries in addition to the sample `contoso`. */
  registries?: string[];
  /** 0, the default, takes any free port. */
  ports?: { registry?: number; coder?: number };
  /** See RegistryOptions. */
  registryUpstream?: string | undefined;
  /** When set, Coder is behind a proxy that asks for Entra tokens of this audience. */
  coderAudience?: string | undefined;
  /** Which Coder the bridge is for; Classic when absent. */
  coderGeneration?: CoderGeneration | undefined;
  /** A Coder v2 that is there already, in place of a stand-in. */
  ownCoder?: { url: string; token: string } | undefined;
}

export type CoderGeneration = 'v2' | 'classic';

export interface ServedCoder {
  generation: CoderGeneration;
  url: string;
  /** Of the bridge. */
  token: string;
  /** Of an owner, for trying things out; only of the stand-in of Coder v2. */
  ownerToken?: string;
  /** Id, or name, of the organization that images go to. */
  organizationId: string;
}

const NAME = 'contoso';
const resourceIdOf = (name: string) =>
  `/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/coder/providers/Microsoft.ContainerRegistry/registries/${name}`;

/** Starts every service that the bridge calls, and connects them as a deployment would. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { tls, ports = {}, registryUpstream, coderAudience } = options;
  const tenant = options.tenant ?? (await startTenant());
  const { entra, bridge, coderPods } = tenant;
  const secrets = createSecrets(tenant.secrets);
  const clock = createMovableClock();
  const now = clock.now;
  const { pusher, puller } = createUsers(secrets);

  const guarded = { secrets, now, tls, verifyEntraToken: entra.verify };
  const eventGrid = await startEventGrid({ secrets, clock, key: secrets.random() });
  const arm = await startArm({ ...guarded, allowed: { [bridge.objectId]: CREDENTIAL_MANAGER } });
  const graph = await startGraph(guarded);
  const topic = await startTopic({
    secrets,
    tls,
    verifyEntraToken: entra.verify,
    senders: [bridge.objectId],
  });
  const servicePrincipal = registerApp(graph, bridge.objectId);
  const findServicePrincipal: FindAccount = (username, password) =>
    username === servicePrincipal.appId && graph.application(username)?.accepts(password)
      ? { kind: 'admin', actions: servicePrincipal.actions }
      : undefined;
  const bridgeActions: Action[] = ['pull', 'metadata_read', 'catalog'];
  const addRegistry = async (name: string, more: Pick<RegistryOptions, 'port' | 'upstream'> = {}) => {
    const resourceId = resourceIdOf(name);
    const standIn = await startRegistry({
      ...guarded,
      resourceId,
      users: [pusher, puller],
      identities: {
        [bridge.objectId]: bridgeActions,
        [coderPods.objectId]: ['pull'],
      },
      findAccount: (username, password) =>
        arm.accounts(resourceId).find(username, password) ?? findServicePrincipal(username, password),
      loginsEnded: () => arm.modeSwitches(resourceId),
      publish: eventGrid.publish,
      ...more,
    });
    arm.addRegistry({ resourceId, loginServer: standIn.loginServer, sku: 'Premium' });
    for (const { objectId } of [bridge, coderPods])
      arm.roleAssignments.push({ registry: resourceId, principalId: objectId, roleId: ACR_PULL });
    return { name, resourceId, standIn };
  };
  const sample = await addRegistry(NAME, {
    port: ports.registry ?? 0,
    ...(registryUpstream && { upstream: registryUpstream }),
  });
  const otherRegistries = await Promise.all((options.registries ?? []).map(name => addRegistry(name)));
  const keyVault = await startKeyVault({
    ...guarded,
    tenantId: tenant.id,
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
    port: options.coderGeneration === 'v2' ? 0 : (ports.coder ?? 0),
    sessionToken: coder.token,
    organizationId: coder.organizationId,
    identityToken: () => entra.tokenFor(coderPods.clientId, 'https://containerregistry.azure.net'),
    ...(coderAudience && { entraProxy: { verify: entra.verify, audience: coderAudience } }),
  });
  const kubernetes =
    options.coderGeneration === 'v2' ? await startWorkspaceCluster(guarded, bridge.objectId) : undefined;
  const coderV2 =
    options.coderGeneration === 'v2' && !options.ownCoder
      ? await startCoderV2({
          ...{ secrets, clock, tls, port: ports.coder ?? 0 },
          ...(kubernetes && {
            kubelet: createKubelet({
              ...{ ca: tls.ca, reaches: () => true },
              pullSecret: () => pullSecretIn(kubernetes, sample.standIn.loginServer, puller),
            }),
          }),
          ...(coderAudience && { entraProxy: { verify: entra.verify, audience: coderAudience } }),
        })
      : undefined;
  const served: ServedCoder = options.ownCoder
    ? { generation: 'v2', organizationId: 'default', ...options.ownCoder }
    : coderV2
      ? { generation: 'v2', url: coderV2.url, ...(await setUpSampleCoder(coderV2)) }
      : { generation: 'classic', url: coderStandIn.url, ...coder };
  keyVault.put('coder-session-token', served.token);

  const standIns = {
    ...{ entra, arm, graph, keyVault, tables, eventGrid, topic },
    ...{ registry: sample.standIn, coder: coderStandIn },
    ...(coderV2 && { coderV2 }),
    ...(kubernetes && { kubernetes }),
  };
  const registries = [sample, ...otherRegistries].map(({ standIn }) => standIn);
  return {
    standIns,
    clock,
    secrets,
    registry: { name: NAME, resourceId: sample.resourceId, pusher, puller },
    bridgeActions,
    otherRegistries,
    servicePrincipal,
    coder: served,
    appSettings: {
      TABLES_URL: tables.url,
      KEY_VAULT_URL: keyVault.url,
      KEY_VAULT_CHALLENGE_CHECK: 'off',
      ARM_URL: arm.url,
      GRAPH_URL: graph.url,
      EVENTS_TOPIC_ENDPOINT: topic.endpoint,
      ACR_ALLOWED_HOSTS: registries.map(({ loginServer }) => loginServer).join(','),
      ...(kubernetes && { AKS_ALLOWED_HOSTS: new URL(kubernetes.url).host }),
      CODER_GENERATION: served.generation,
      CODER_URL: served.url,
      CODER_ORGANIZATION_ID: served.organizationId,
      // A person's shell has this token, and would go on with the one that the bridge deletes.
      ...(options.ownCoder && { CODER_TOKEN_RENEWAL: 'off' }),
      ...(coderAudience && { CODER_AUDIENCE: coderAudience }),
      AZURE_CLIENT_ID: bridge.clientId,
      IDENTITY_ENDPOINT: entra.identityEndpoint,
      IDENTITY_HEADER: tenant.identityHeader,
      NODE_EXTRA_CA_CERTS: tls.caFile,
    },
    async close() {
      const all = new Set<StandIn>([...Object.values(standIns), ...registries]);
      if (options.tenant) all.delete(entra);
      await Promise.all([...all].map(standIn => standIn.close()));
    },
  };
}

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const ACR_PULL = '7f951dda-4ed3-4680-a7ca-43fe172d538d';

function registerApp(graph: GraphStandIn, owner: string): ServicePrincipal {
  const [appId, objectId] = [randomUUID(), randomUUID()];
  graph.addApplication({ objectId, appId, displayName: 'coder-pull', owners: [owner] });
  return { appId, applicationObjectId: objectId, actions: ['pull', 'metadata_read'] };
}

/** The users that push to the registries and pull from them. */
function createUsers(secrets: Secrets): { pusher: RegistryUser; puller: RegistryUser } {
  return {
    pusher: {
      kind: 'admin',
      username: NAME,
      password: secrets.random(),
      actions: ['pull', 'push', 'delete', 'metadata_read', 'metadata_write', 'catalog'],
    },
    puller: {
      kind: 'token',
      username: 'coder-pull',
      password: secrets.random(),
      actions: ['pull', 'metadata_read'],
    },
  };
}
