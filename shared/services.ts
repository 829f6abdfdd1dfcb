import { setTimeout as delay } from 'node:timers/promises';
import { DefaultAzureCredential, ManagedIdentityCredential, type TokenCredential } from '@azure/identity';
import { createHostCheck } from './azure/acr/allowed-hosts.ts';
import { createAcr } from './azure/acr/client.ts';
import { createAcrTokens } from './azure/acr/tokens.ts';
import { createClusterCheck } from './azure/aks/allowed-hosts.ts';
import { createPullSecrets } from './azure/aks/pull-secrets.ts';
import { createArmCredentials } from './azure/arm/credentials.ts';
import { createEventSubscriptions } from './azure/arm/event-subscriptions.ts';
import { createPullRoles } from './azure/arm/pull-roles.ts';
import { createArm } from './azure/arm/registries.ts';
import { createPublish } from './azure/event-grid.ts';
import { createGraph } from './azure/graph.ts';
import { createTokenSource } from './azure/key-vault/cached-secret.ts';
import { createVault } from './azure/key-vault/vault.ts';
import { impatient, impatientHttp } from './azure/sdk/impatient-credential.ts';
import { rememberTokens } from './azure/sdk/remembering-credential.ts';
import { createLeasedTable } from './azure/tables/leased-rows.ts';
import type { OnUnreadable } from './azure/tables/row-codec.ts';
import { openTable, proveTable } from './azure/tables/tables.ts';
import { createClassicClient } from './coder/classic/client.ts';
import { createClassicHolder } from './coder/classic/holder.ts';
import { createClassicMemory } from './coder/classic/memory.ts';
import { createClassicRegistries } from './coder/classic/registries.ts';
import { createClassicTarget } from './coder/classic/target.ts';
import type { CoderConnection } from './coder/http.ts';
import { createV2Client } from './coder/v2/client.ts';
import type { Declared } from './coder/v2/destinations.ts';
import { createOrganizations } from './coder/v2/organizations.ts';
import { RolloutRow } from './coder/v2/rollout.ts';
import { createRollouts } from './coder/v2/rollout-table.ts';
import { createTokenRenewal, type TokenRenewal } from './coder/v2/session-token/renewal.ts';
import { TokenRow } from './coder/v2/session-token/state.ts';
import { readSetupFacts, type SetupFacts } from './coder/v2/setup-facts.ts';
import { createV2Target, type V2TargetOptions } from './coder/v2/target.ts';
import { createTemplates, type Templates } from './coder/v2/templates.ts';
import { isRegistrySecret } from './credentials/state.ts';
import { deliveryCheck } from './delivery/check.ts';
import { createDeliveryHolder } from './delivery/holder.ts';
import type { DiagnosisServices } from './diagnostics/checks.ts';
import type { SweepServices } from './images/sweep.ts';
import { createUnderWay } from './images/under-way.ts';
import { createKeyedLimit } from './lib/keyed-limit.ts';
import { createKeyedMutex } from './lib/keyed-mutex.ts';
import { createLog } from './lib/log.ts';
import { createPauses } from './lib/pauses.ts';
import { canBeNamed } from './reasons.ts';
import { createReports } from './reconciliation/report-table.ts';
import type { ScheduleServices } from './reconciliation/timer.ts';
import { createFetches, type Fetches } from './records/fetch-table.ts';
import { createImages } from './records/image-table.ts';
import { createRegistries } from './records/registry-table.ts';
import { createSummaries } from './records/summary-table.ts';
import type { RegistryServices } from './registries/put.ts';
import type { RotationServices } from './rotation/run.ts';
import { deploymentIdOf, readSettings, type Settings } from './settings.ts';

/** Of one registry. More at once would only wait for each other: an import makes a few Coder calls and table writes. */
const IMPORTS_AT_ONCE = 32;

/** Longest time for one import, well below the 30 s after which Event Grid delivers again. */
const IMPORT_BUDGET_MS = 20_000;
/** Longer than any import may take, so that a lease only runs out when its holder died. */
const LEASE_MS = 30_000;

/** The services that the functions use. */
export type Services = SweepServices &
  RegistryServices &
  ScheduleServices &
  RotationServices &
  DiagnosisServices & {
    fetches: Fetches;
    /** Templates of Coder v2; undefined with Coder Classic, which has none. */
    templates: Templates | undefined;
    /** What Coder v2 says for the setup guide of a registry; undefined with Coder Classic. */
    setupFacts:
      | ((registry: Declared, template: string | undefined, signal: AbortSignal) => Promise<SetupFacts>)
      | undefined;
    /** Renews the session token of Coder v2; undefined with Coder Classic. */
    tokenRenewal: TokenRenewal | undefined;
  };

/** What reaches Coder, as the generation of Coder needs it. */
type CoderParts = Pick<Services, 'target' | 'holder' | 'templates' | 'setupFacts' | 'tokenRenewal'>;

/** The parts that tests replace. */
export interface Seams {
  now: () => Date;
  random: () => number;
  importBudgetMs?: number;
  leaseMs?: number;
  wait?: RotationServices['wait'];
}

/** The composition root: the one place that knows every implementation. */
export function createServices(
  settings: Settings,
  { now, random, importBudgetMs = IMPORT_BUDGET_MS, leaseMs = LEASE_MS, wait = waitFor }: Seams,
): Services {
  const credential = rememberTokens(impatient(createCredential(settings)), process.env);
  const isAllowedHost = createHostCheck(settings.ACR_ALLOWED_HOSTS);
  const imagesTable = openTable(settings.TABLES_URL, 'images', credential);
  const log = createLog(console);
  const onUnreadable: OnUnreadable = ({ row, message }) => log.error('row skipped', { row, message });
  const vault = createVault(settings.KEY_VAULT_URL, credential, {
    verifyChallenge: settings.KEY_VAULT_CHALLENGE_CHECK === 'on',
    wait: ms => wait(ms, new AbortController().signal),
  });
  const pauses = createPauses(now);
  const leasedRows = createLeasedTable(imagesTable, now, leaseMs, onUnreadable);
  const registriesTable = openTable(settings.TABLES_URL, 'registries', credential);
  const registries = createRegistries(registriesTable, now, onUnreadable);
  const images = createImages(imagesTable, onUnreadable);
  const fetches = createFetches(imagesTable);
  const { exchange, acceptsLogin, provePull } = createAcrTokens({
    ...{ credential, audience: settings.ACR_AUDIENCE, isAllowedHost },
  });
  return {
    settings,
    credential,
    now,
    random,
    publish: createPublish(settings.EVENTS_TOPIC_ENDPOINT, credential, log),
    maxAttempts: settings.IMPORT_MAX_ATTEMPTS,
    mutex: createKeyedMutex(),
    atMost: createKeyedLimit(IMPORTS_AT_ONCE),
    underWay: createUnderWay(() => now().getTime()),
    importBudgetMs,
    leaseMs,
    runnable: settings.IMPORT_PLATFORMS,
    deploymentId: deploymentIdOf(settings),
    registries,
    images,
    summaries: createSummaries(registriesTable, onUnreadable),
    fetches,
    leasedRows,
    acr: createAcr({ credential, audience: settings.ACR_AUDIENCE, isAllowedHost, pauses }),
    arm: createArm(credential, settings.ARM_URL, settings.ARM_AUDIENCE),
    armCredentials: createArmCredentials(credential, settings.ARM_URL, settings.ARM_AUDIENCE),
    eventSubscriptions: createEventSubscriptions(credential, settings.ARM_URL, settings.ARM_AUDIENCE),
    async proveTables() {
      await Promise.all([registriesTable, imagesTable].map(proveTable));
    },
    graph: createGraph(credential, settings.GRAPH_URL, settings.GRAPH_AUDIENCE),
    exchange,
    provePull,
    acceptsLogin,
    wait,
    vault,
    ...createCoder(settings, {
      credential,
      leasedRows,
      vault,
      registries,
      images,
      fetches,
      pauses,
      acceptsLogin,
      now,
      onUnreadable,
    }),
    // A run saves its report after each import at the latest.
    reports: createReports(imagesTable, now, importBudgetMs * 4),
    pauses,
    reconcileEveryMinutes: settings.RECONCILE_EVERY_MINUTES,
    isAllowedHost,
  };
}

/** What the services that reach Coder are made from. */
type CoderServices = Pick<
  Services,
  | 'credential'
  | 'leasedRows'
  | 'vault'
  | 'registries'
  | 'images'
  | 'fetches'
  | 'pauses'
  | 'acceptsLogin'
  | 'now'
> & { onUnreadable: OnUnreadable };

/** Coder as the target of imports, and as the holder of what it pulls with. */
function createCoder(settings: Settings, services: CoderServices): CoderParts {
  const { credential, vault, pauses, now } = services;
  const connection: CoderConnection = {
    url: settings.CODER_URL,
    sessionToken: createTokenSource(vault, settings.CODER_TOKEN_SECRET, now),
    authorization: proxyAuthorization(settings, credential),
    maxConcurrent: settings.CODER_MAX_CONCURRENT,
    pauses,
  };
  return settings.CODER_GENERATION === 'v2'
    ? createV2(settings, connection, services)
    : createClassic(settings, connection, services);
}

function createV2(
  settings: Settings,
  connection: CoderConnection,
  { credential, vault, leasedRows, registries, images, fetches, now, onUnreadable }: CoderServices,
): CoderParts {
  const { CODER_ORGANIZATION_ID: organization = 'default', CODER_TOKEN_SECRET } = settings;
  const isAllowedCluster = createClusterCheck(settings.AKS_ALLOWED_HOSTS);
  const delivery = {
    ...{ vault, now, lastFetched: fetches.last, findRegistry: registries.get },
    pullSecrets: createPullSecrets(credential, isAllowedCluster),
    pullRoles: createPullRoles(credential, settings.ARM_URL, settings.ARM_AUDIENCE),
  };
  const coder = createV2Client(connection);
  const rollouts = createRollouts(leasedRows.rows(RolloutRow), coder, now);
  const options: V2TargetOptions = {
    ...{ coder, rollouts, organization, now, tokenSecret: CODER_TOKEN_SECRET },
    organizations: createOrganizations(coder, organization, now),
    ...{ sessionToken: connection.sessionToken, renewal: settings.CODER_TOKEN_RENEWAL },
    classic: { name: 'classic', isThere: createClassicClient(connection).isThere },
    deliveryCheck: deliveryCheck(delivery),
    delivery: {
      isAllowedCluster,
      isReservedSecret: name =>
        name.toLowerCase() === CODER_TOKEN_SECRET.toLowerCase() || isRegistrySecret(name),
    },
    async *otherRegistries(name) {
      for await (const registry of registries.each()) if (registry.name !== name) yield registry;
    },
    async *otherTags(registry, repository) {
      for await (const { tag, digest, pushedOn, reason, state } of images.ofRepository(
        registry,
        repository,
      )) {
        const isPending = state === 'pending';
        if (digest && pushedOn && canBeNamed(reason)) yield { tag, digest, pushedOn, isPending };
      }
    },
  };
  return {
    target: createV2Target(options),
    holder: createDeliveryHolder(delivery),
    templates: createTemplates({ ...options, registries: registries.each, onUnreadable }),
    setupFacts: (registry, template, signal) =>
      readSetupFacts(coder, organization, registry, template, signal),
    tokenRenewal: createTokenRenewal({
      ...{ ...options, vault, rows: leasedRows.rows(TokenRow) },
      clientWith: token => createV2Client({ ...connection, sessionToken: async () => token }),
    }),
  };
}

function createClassic(
  settings: Settings,
  connection: CoderConnection,
  { leasedRows, vault, registries, images, acceptsLogin }: CoderServices,
): CoderParts {
  const options = {
    ...{ coder: createClassicClient(connection), vault, acceptsLogin },
    memory: createClassicMemory(leasedRows),
    organizationId: settings.CODER_ORGANIZATION_ID,
    acrKind: { field: settings.CODER_REGISTRY_KIND_FIELD, value: settings.CODER_REGISTRY_KIND_ACR },
    findRegistry: registries.get,
  };
  return {
    target: createClassicTarget({
      ...options,
      fallback: {
        cpuCores: settings.DEFAULT_CPU_CORES,
        memoryGb: settings.DEFAULT_MEMORY_GB,
        diskGb: settings.DEFAULT_DISK_GB,
      },
      v2: {
        name: 'v2',
        isThere: async signal => Boolean(await createV2Client(connection).buildInfo(signal)),
      },
      lastPush: async (registry, image) => (await images.get(registry, image))?.pushedOn,
    }),
    holder: createClassicHolder({ ...options, registries: createClassicRegistries(options) }),
    templates: undefined,
    setupFacts: undefined,
    tokenRenewal: undefined,
  };
}

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

let services: Services | undefined;

/**
 * The running app's services, created on the first call, so that loading the app reads no settings.
 * @throws Error that lists every wrong setting
 */
export function getServices(): Services {
  services ??= createServices(readSettings(process.env), { now: () => new Date(), random: Math.random });
  return services;
}

function createCredential({ AZURE_CLIENT_ID, AZURE_TOKEN_CREDENTIALS }: Settings): TokenCredential {
  if (AZURE_TOKEN_CREDENTIALS) {
    return new DefaultAzureCredential({
      httpClient: impatientHttp,
      ...(AZURE_CLIENT_ID && { managedIdentityClientId: AZURE_CLIENT_ID }),
    });
  }
  return new ManagedIdentityCredential({
    httpClient: impatientHttp,
    ...(AZURE_CLIENT_ID && { clientId: AZURE_CLIENT_ID }),
  });
}

/** The Authorization header for a proxy in front of Coder that requires an Entra token. */
function proxyAuthorization(
  { CODER_AUDIENCE }: Settings,
  credential: TokenCredential,
): () => Promise<string | undefined> {
  return async () => {
    if (!CODER_AUDIENCE) return undefined;
    const token = await credential.getToken(`${CODER_AUDIENCE}/.default`);
    return token ? `Bearer ${token.token}` : undefined;
  };
}
