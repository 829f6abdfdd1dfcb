import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { OtherRegistry } from '../../../infra/local/cloud.ts';
import { image } from '../../../infra/local/oci-image.ts';
import { pushImage } from '../../../infra/local/push-image.ts';
import { createSecrets } from '../../../infra/local/secrets.ts';
import { type StandIn, startStandIn } from '../../../infra/local/stand-in.ts';
import { ensureTls } from '../../../infra/local/tls.ts';
import { listChecks } from '../../../shared/diagnostics/checks.ts';
import { diagnose, type Finding } from '../../../shared/diagnostics/diagnose.ts';
import { handleEvent } from '../../../shared/images/receive.ts';
import { reconcile } from '../../../shared/reconciliation/reconcile.ts';
import type { Services } from '../../../shared/services.ts';
import { type Bridge, pushEvent, split, startBridge } from '../../support/bridge.ts';
import { damageRow } from '../../support/damage.ts';

// Each case breaks one thing, as it breaks in real life, and expects one finding to be wrong: that one.

let bridge: Bridge;
/** TLS of an authority that the bridge does not trust. */
let untrusted: StandIn;
let folder: string;

beforeAll(async () => {
  bridge = await startBridge({ registries: ['adatum', 'fabrikam', 'tailspin', 'northwind'] });
  folder = await mkdtemp(join(tmpdir(), 'untrusted-'));
  untrusted = await startStandIn({
    routes: [],
    secrets: createSecrets(),
    tls: await ensureTls(folder),
  });
  await bridge.put();
  subscribe();
  await bridge.push('team/app:v1', image());
  await bridge.pushed('team/app:v1');
});
afterAll(async () => {
  await Promise.all([bridge.close(), untrusted.close(), rm(folder, { recursive: true, force: true })]);
});

/** Repairs what a case broke before the next one. */
const repairs: (() => unknown)[] = [];
afterEach(async () => {
  for (const repair of repairs.splice(0)) await repair();
  bridge.clearFaults();
});

function subscribe(more: object = {}): void {
  const { arm } = bridge.cloud.standIns;
  arm.eventSubscriptions.splice(0);
  for (const { resourceId } of [bridge.cloud.registry, ...bridge.cloud.otherRegistries]) {
    arm.eventSubscriptions.push({ name: 'bridge', source: resourceId, destination: FUNCTION, ...more });
  }
}
const FUNCTION = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/b/functions/registry-event';

/** An instance of the app that has no tokens yet; with these settings in place of its own. */
const fresh = (settings: Record<string, string> = {}): Services => bridge.anotherInstance(settings);
const look = (services: Services, name = 'contoso'): Promise<Finding[]> =>
  diagnose(services, name, AbortSignal.timeout(25_000));
const standIns = () => bridge.cloud.standIns;
const other = (name: string) =>
  bridge.cloud.otherRegistries.find(registry => registry.name === name) as OtherRegistry;
const DENIED = {
  errors: [{ code: 'DENIED', message: "client with IP '20.50.1.2' is not allowed access." }],
};
const coderError = (msg: string) => ({ error: { msg, code: 'bad_request' } });

function changeActions(without: string): void {
  const { bridgeActions } = bridge.cloud;
  const before = [...bridgeActions];
  bridgeActions.splice(0, Infinity, ...before.filter(action => action !== without));
  repairs.push(() => bridgeActions.splice(0, Infinity, ...before));
}

function changeRegistry(changes: Parameters<Bridge['cloud']['standIns']['arm']['changeRegistry']>[1]): void {
  const { arm, registry } = standIns();
  arm.changeRegistry(bridge.cloud.registry.resourceId, changes);
  const before = {
    loginServer: registry.loginServer,
    adminUserEnabled: false,
    roleAssignmentMode: 'LegacyRegistryPermissions' as const,
  };
  repairs.push(() => arm.changeRegistry(bridge.cloud.registry.resourceId, before));
}

function forbidBridge(but: readonly string[]): void {
  const { allowed } = standIns().arm;
  const [bridgeId] = Object.keys(allowed) as [string];
  const before = allowed[bridgeId] as readonly string[];
  allowed[bridgeId] = before.filter(action => but.some(allowedStill => action.includes(allowedStill)));
  repairs.push(() => {
    allowed[bridgeId] = before;
  });
}

/** Coder refuses to import a push, with these words. */
async function failImport(msg: string): Promise<void> {
  const reference = `broken-${randomUUID()}:v1`;
  standIns().coder.faults.add({ method: 'POST', path: '/images$', status: 400, body: coderError(msg) });
  await bridge.push(reference, image({ content: reference }));
  await bridge.pushed(reference);
  bridge.clearFaults();
  repairs.push(() => bridge.pushed(reference));
}

/** Pushes to another registry than contoso, and tells the bridge of it. */
async function pushTo(name: string, reference: string): Promise<void> {
  const { repository, tag } = split(reference);
  const { url } = other(name).standIn;
  const target = { registryUrl: url, ...bridge.cloud.registry.pusher, ca: bridge.tls.ca };
  await pushImage(target, repository, image({ content: reference }), tag);
}

const pushedTo = (name: string, reference: string, at = new Date()) =>
  handleEvent(bridge.services, pushEvent(other(name).resourceId, reference, at), bridge.log);

interface Case {
  /** What is broken. */
  when: string;
  /** Of another registry than contoso. */
  registry?: string;
  /** Gives the instance that looks, if a fresh one with its usual settings will not do. */
  break(): Services | undefined | Promise<Services | undefined> | void | Promise<void>;
  check: string;
  reason: string;
  message?: RegExp;
  remedy: RegExp;
}

const CASES: Case[] = [
  {
    when: 'the app does not have the identity that AZURE_CLIENT_ID names',
    break: () => fresh({ AZURE_CLIENT_ID: randomUUID() }),
    ...{ check: 'managed-identity', reason: 'identity-not-found', remedy: /az functionapp identity assign/ },
  },
  {
    when: 'the role on the storage account is missing',
    break: () =>
      standIns().tables.faults.add({ status: 403, body: odataError('AuthorizationPermissionMismatch') }),
    check: 'tables',
    reason: 'tables-forbidden',
    remedy:
      /az role assignment create --role 'Storage Table Data Contributor' --assignee-object-id [0-9a-f-]{36} /,
  },
  {
    when: 'a table was not made',
    break: () =>
      standIns().tables.faults.add({ path: '/images', status: 404, body: odataError('TableNotFound') }),
    ...{ check: 'tables', reason: 'table-missing', remedy: /az storage table create .* --name registries/ },
  },
  {
    when: 'the storage account does not answer',
    break: () => standIns().tables.faults.add({ drop: 'before' }),
    ...{ check: 'tables', reason: 'tables-unavailable', remedy: /TABLES_URL/ },
  },
  {
    when: "the registry's row is damaged",
    async break() {
      repairs.push(await damageRow(bridge, ['registries', 'registry', 'contoso'], { policy: '{' }));
    },
    ...{ check: 'registry-record', reason: 'record-unreadable', remedy: /PUT or DELETE the registry/ },
  },
  {
    when: "an image's row is damaged",
    async break() {
      repairs.push(await damageRow(bridge, ['images', 'contoso', 'team|app:v1'], { state: 'odd' }));
    },
    ...{ check: 'image-records', reason: 'record-unreadable', remedy: /POST \/api\/images/ },
  },
  {
    when: 'the session token was not stored',
    break: () => fresh({ CODER_TOKEN_SECRET: 'another-name' }),
    check: 'key-vault-read',
    reason: 'secret-missing',
    remedy: /az keyvault secret set --vault-name \S+ --name another-name/,
  },
  {
    when: 'the role on the vault is missing',
    break: () =>
      standIns().keyVault.faults.add({ status: 403, body: { error: { code: 'Forbidden', message: 'no' } } }),
    check: 'key-vault-read',
    reason: 'vault-forbidden',
    remedy: /az role assignment create --role 'Key Vault Secrets Officer'/,
  },
  {
    when: 'a firewall before the vault refuses with an empty body',
    break: () => standIns().keyVault.faults.add({ status: 403 }),
    ...{ check: 'key-vault-read', reason: 'vault-forbidden', remedy: /network rules of the vault/ },
  },
  {
    when: 'a proxy before Azure Resource Manager refuses with an empty body',
    break: () => standIns().arm.faults.add({ status: 403 }),
    ...{ check: 'azure-resource', reason: 'registry-not-readable', remedy: /--role Reader/ },
  },
  {
    when: 'the vault does not answer',
    break: () => standIns().keyVault.faults.add({ drop: 'before' }),
    ...{ check: 'key-vault-read', reason: 'vault-unavailable', remedy: /KEY_VAULT_URL/ },
  },
  {
    when: 'the role on the vault only reads',
    break: () =>
      standIns().keyVault.faults.add({
        method: 'PATCH',
        status: 403,
        body: { error: { code: 'Forbidden', message: 'no' } },
      }),
    ...{ check: 'key-vault-write', reason: 'vault-forbidden', remedy: /Key Vault Secrets Officer/ },
  },
  {
    when: 'the role Reader is missing',
    break: () => forbidBridge(['EventGrid']),
    check: 'azure-resource',
    reason: 'registry-not-readable',
    remedy: /az role assignment create --role Reader .* --scope \/subscriptions\/.*\/contoso/,
  },
  {
    when: 'the registry was deleted in Azure',
    break: () =>
      standIns().arm.faults.add({
        path: '/registries/contoso$',
        status: 404,
        body: { error: { code: 'ResourceNotFound', message: 'gone' } },
      }),
    ...{ check: 'azure-resource', reason: 'registry-not-found', remedy: /az acr list/ },
  },
  {
    when: 'Azure Resource Manager fails',
    break: () => standIns().arm.faults.add({ path: '/registries/contoso$', status: 500 }),
    ...{ check: 'azure-resource', reason: 'azure-unavailable', remedy: /ARM_URL/ },
  },
  {
    when: 'the registry was made anew with another login server',
    break: () => changeRegistry({ loginServer: 'contoso-a1b2.azurecr.io' }),
    ...{ check: 'login-server', reason: 'login-server-changed', remedy: /PUT the registry again/ },
  },
  {
    when: 'the host is not on the allow-list',
    break: () => fresh({ ACR_ALLOWED_HOSTS: '' }),
    ...{ check: 'login-server', reason: 'host-not-allowed', remedy: /ACR_ALLOWED_HOSTS/ },
  },
  {
    when: 'the administrator account was switched off',
    registry: 'adatum',
    async break() {
      const { arm } = standIns();
      const { resourceId } = other('adatum');
      arm.changeRegistry(resourceId, { adminUserEnabled: true });
      await bridge.put({ resourceId, credential: { kind: 'admin' } }, 'adatum');
      arm.changeRegistry(resourceId, { adminUserEnabled: false });
      repairs.push(() => arm.changeRegistry(resourceId, { adminUserEnabled: true }));
    },
    check: 'credential-kind',
    reason: 'credential-kind-not-allowed',
    remedy: /az acr update --name adatum --admin-enabled true/,
  },
  {
    when: 'the role that issues credentials is missing',
    registry: 'adatum',
    break: () => forbidBridge(['registries/read', 'EventGrid']),
    ...{ check: 'credential-kind', reason: 'azure-refused', remedy: /adatum\/setup\?format=markdown/ },
  },
  {
    when: 'the registry does not take the token of the identity',
    break: () => standIns().registry.faults.add({ path: '/oauth2/exchange', status: 401 }),
    ...{ check: 'acr-exchange', reason: 'token-not-taken', remedy: /one Entra tenant/ },
  },
  {
    when: 'the registry does not answer',
    break: () => standIns().registry.faults.add({ path: '/oauth2/exchange', drop: 'before' }),
    ...{ check: 'acr-exchange', reason: 'registry-unavailable', remedy: /network path/ },
  },
  {
    when: 'the registry refuses every caller',
    break: () => standIns().registry.faults.add({ status: 403 }),
    ...{ check: 'acr-exchange', reason: 'token-not-taken', remedy: /network-rule/ },
  },
  {
    when: 'network rules of the registry keep the bridge out',
    break: () => standIns().registry.faults.add({ status: 403, body: DENIED }),
    check: 'acr-exchange',
    reason: 'network-denied',
    remedy: /az acr network-rule add .* --ip-address 20\.50\.1\.2\n/,
  },
  {
    when: 'network rules let the exchange through, and nothing else',
    break: () => standIns().registry.faults.add({ path: '^/(?:v2|acr)/', status: 403, body: DENIED }),
    check: 'repository-list',
    reason: 'network-denied',
    remedy: /az acr network-rule add .* --ip-address 20\.50\.1\.2\n/,
  },
  {
    when: 'network rules of the vault keep the bridge out',
    break() {
      const message =
        'Client address is not authorized and caller is not a trusted service.\r\nClient address: 20.50.1.2\r\n';
      const error = { code: 'Forbidden', message, innererror: { code: 'ForbiddenByFirewall' } };
      standIns().keyVault.faults.add({ status: 403, body: { error } });
    },
    check: 'key-vault-read',
    reason: 'network-denied',
    remedy: /az keyvault network-rule add --name \S+ --ip-address 20\.50\.1\.2\n/,
  },
  {
    when: 'the registry asks for a pause',
    break: () => standIns().registry.faults.add({ status: 429, headers: { 'retry-after': '60' } }),
    ...{ check: 'acr-exchange', reason: 'registry-unavailable', remedy: /^Wait: / },
  },
  {
    when: 'AcrPull is missing',
    break: () => changeActions('catalog'),
    check: 'repository-list',
    reason: 'registry-unauthorized',
    remedy: /az role assignment create --role AcrPull /,
  },
  {
    when: 'the registry was switched to ABAC mode, where no reader lists the catalog',
    break() {
      changeRegistry({ roleAssignmentMode: 'AbacRepositoryPermissions' });
      changeActions('catalog');
    },
    check: 'repository-list',
    reason: 'registry-unauthorized',
    remedy: /--role 'Container Registry Repository Catalog Lister'/,
  },
  {
    when: 'tags may not be listed, in ABAC mode',
    break() {
      changeRegistry({ roleAssignmentMode: 'AbacRepositoryPermissions' });
      changeActions('metadata_read');
    },
    check: 'tag-list',
    reason: 'registry-unauthorized',
    remedy: /--role 'Container Registry Repository Reader'/,
  },
  {
    when: 'manifests may not be pulled',
    break: () => changeActions('pull'),
    ...{ check: 'manifest', reason: 'registry-unauthorized', remedy: /--role AcrPull / },
  },
  {
    when: "the app's clock is an hour behind",
    break() {
      const date = new Date(Date.now() + 3_600_000).toUTCString();
      standIns().registry.faults.add({ path: '^/v2/$', status: 401, headers: { date } });
    },
    ...{ check: 'clock', reason: 'clock-off', remedy: /timedatectl set-ntp/ },
  },
  {
    when: 'Coder is down',
    break: () => standIns().coder.faults.add({ status: 503 }),
    ...{ check: 'coder-reachable', reason: 'coder-unavailable', remedy: /Coder is up/ },
  },
  {
    when: "Coder's certificate is of an authority that the bridge does not trust",
    break: () => fresh({ CODER_URL: untrusted.url }),
    ...{ check: 'coder-reachable', reason: 'coder-certificate', remedy: /NODE_EXTRA_CA_CERTS/ },
  },
  {
    when: 'CODER_URL leads to a sign-in page',
    break: () =>
      standIns().coder.faults.add({ status: 302, headers: { location: 'https://login.example.com' } }),
    ...{ check: 'coder-reachable', reason: 'coder-not-there', remedy: /CODER_AUDIENCE/ },
  },
  {
    when: 'CODER_URL leads to some other page',
    break: () => standIns().coder.faults.add({ status: 200, body: '<html>' }),
    ...{ check: 'coder-reachable', reason: 'coder-not-there', remedy: /Set CODER_URL/ },
  },
  {
    when: 'Coder asks for a pause',
    break: () => standIns().coder.faults.add({ status: 429, headers: { 'retry-after': '60' } }),
    ...{ check: 'coder-reachable', reason: 'coder-busy', remedy: /Wait a minute/ },
  },
  {
    when: 'the session token has ended',
    break: () => standIns().coder.faults.add({ status: 401, body: coderError('invalid authentication') }),
    ...{ check: 'coder-token', reason: 'coder-token-refused', remedy: /coder tokens create/ },
  },
  {
    when: 'the owner of the session token is no site manager',
    break() {
      standIns().coder.setRole('image-manager');
      repairs.push(() => standIns().coder.setRole('site-manager'));
    },
    ...{ check: 'coder-rights', reason: 'coder-right-missing', remedy: /site manager/ },
  },
  {
    when: 'the owner of the session token may do nothing',
    break: () => standIns().coder.faults.add({ status: 403, body: coderError('insufficient permissions') }),
    ...{ check: 'coder-rights', reason: 'coder-right-missing', remedy: /site manager/ },
  },
  {
    when: 'the organization does not exist',
    break: () => fresh({ CODER_ORGANIZATION_ID: randomUUID() }),
    ...{ check: 'coder-organization', reason: 'organization-unknown', remedy: /CODER_ORGANIZATION_ID/ },
  },
  {
    when: 'a person deleted the registry in Coder',
    break: () => standIns().coder.faults.add({ method: 'GET', path: '/registries/.', status: 404 }),
    ...{ check: 'coder-registry', reason: 'registry-gone-from-coder', remedy: /contoso\/reconcile/ },
  },
  {
    when: 'a person changed the host of the registry in Coder',
    async break() {
      const [known] = standIns().coder.state().registries;
      const path = `/api/v0/registries/${known?.id}`;
      await bridge.askCoder('PATCH', path, { registry: 'elsewhere.example.com' });
      repairs.push(() => bridge.askCoder('PATCH', path, { registry: standIns().registry.loginServer }));
    },
    ...{ check: 'coder-registry', reason: 'registry-edited-in-coder', remedy: /contoso\/rotate/ },
  },
  {
    when: 'a person had added the registry to Coder with another registry kind',
    registry: 'fabrikam',
    async break() {
      const { coder } = standIns();
      const fabrikam = other('fabrikam');
      await pushTo('fabrikam', 'by/hand:v1');
      await bridge.askCoder('POST', '/api/v0/images', {
        ...{ org_id: bridge.cloud.coder.organizationId, repository: 'by/hand', tag: 'v1' },
        ...{ default_cpu_cores: 1, default_memory_gb: 1, default_disk_gb: 1 },
        new_registry: { friendly_name: 'hand', registry: fabrikam.standIn.loginServer, kind: 'acr' },
      });
      await bridge.put({ resourceId: fabrikam.resourceId }, 'fabrikam');
      await handleEvent(
        bridge.services,
        pushEvent(fabrikam.resourceId, 'by/hand:v1', new Date()),
        bridge.log,
      );
      coder.switches.showRegistryKind = true;
      repairs.push(() => {
        coder.switches.showRegistryKind = false;
      });
    },
    ...{
      check: 'coder-registry',
      reason: 'registry-kind-wrong',
      remedy: /PUT the registry with credential.kind managed-identity/,
    },
  },
  {
    when: 'the registry does not accept the password that Coder has any more',
    break() {
      const { puller } = bridge.cloud.registry;
      const { password } = puller;
      puller.password = 'regenerated';
      repairs.push(() => {
        puller.password = password;
      });
    },
    ...{ check: 'coder-credential', reason: 'credential-refused', remedy: /PUT \/api\/registries\/contoso/ },
  },
  {
    when: 'the password that Coder has is gone from Key Vault',
    break: () => standIns().keyVault.faults.add({ path: '/secrets/registry-contoso', status: 404 }),
    ...{ check: 'coder-credential', reason: 'secrets-unavailable', remedy: /PUT \/api\/registries\/contoso/ },
  },
  {
    when: 'Coder does not trust the certificate of the registry',
    break: () => failImport("unable to ping registry for 'x': x509: certificate signed by unknown authority"),
    ...{ check: 'coder-pulls', reason: 'coder-distrusts-registry', remedy: /certificate.*replay/ },
  },
  {
    when: "Coder's pod has no identity",
    break: () => failImport("unable to ping registry for 'x': 400 Identity not found"),
    ...{ check: 'coder-pulls', reason: 'coder-identity-not-found', remedy: /restart coderd/ },
  },
  {
    when: 'Coder cannot reach the registry',
    break: () => failImport("unable to ping registry for 'x': i/o timeout"),
    ...{ check: 'coder-pulls', reason: 'coder-cannot-pull', message: /^broken-[\w-]+:v1: .*timeout/ },
    remedy:
      /network path from Coder.*POST \/api\/images\/replay {"registry":"contoso","reason":"coder-cannot-pull"}/,
  },
  {
    when: 'Coder refuses what it is asked',
    break: () => failImport('the moon is full'),
    ...{ check: 'coder-pulls', reason: 'coder-rejected', remedy: /replay/ },
  },
  {
    when: 'the switch for identities of ACR is off in Coder',
    registry: 'tailspin',
    async break() {
      const { switches } = standIns().coder;
      switches.acrAuthentication = false;
      repairs.push(() => {
        switches.acrAuthentication = true;
      });
      const { resourceId } = other('tailspin');
      await bridge.put({ resourceId, credential: { kind: 'managed-identity' } }, 'tailspin');
      await pushTo('tailspin', 'team/app:v1');
      await pushedTo('tailspin', 'team/app:v1');
    },
    ...{ check: 'coder-pulls', reason: 'acr-authentication-off', remedy: /Manage > Admin > Infrastructure/ },
  },
  {
    when: 'Event Grid was never told to send events',
    registry: 'northwind',
    async break() {
      await bridge.put({ resourceId: other('northwind').resourceId }, 'northwind');
      standIns().arm.eventSubscriptions.splice(0);
      repairs.push(subscribe);
    },
    check: 'event-subscription',
    reason: 'no-subscription',
    remedy: /az eventgrid event-subscription create .*northwind .*ImagePushed .*ImageDeleted/,
  },
  {
    when: 'the event subscription ends elsewhere',
    registry: 'northwind',
    async break() {
      await bridge.put({ resourceId: other('northwind').resourceId }, 'northwind');
      subscribe({ destination: '/subscriptions/s/queues/q' });
      repairs.push(subscribe);
    },
    ...{ check: 'event-subscription', reason: 'no-subscription', remedy: /event-subscription create/ },
  },
  {
    when: 'the event subscription was not validated',
    break() {
      subscribe({ provisioningState: 'AwaitingManualAction' });
      repairs.push(subscribe);
    },
    ...{ check: 'event-subscription', reason: 'subscription-not-ready', remedy: /create it again/ },
  },
  {
    when: 'the event subscription, on a system topic, leaves deletes out',
    break() {
      const includedEventTypes = ['Microsoft.ContainerRegistry.ImagePushed'];
      subscribe({ systemTopic: 'topic', includedEventTypes });
      repairs.push(subscribe);
    },
    ...{
      check: 'event-subscription',
      reason: 'event-types-missing',
      remedy:
        /az eventgrid system-topic event-subscription update .*--system-topic-name topic --resource-group coder /,
    },
  },
  {
    when: 'the event subscription, on the registry itself, leaves deletes out',
    break() {
      subscribe({ includedEventTypes: ['Microsoft.ContainerRegistry.ImagePushed'] });
      repairs.push(subscribe);
    },
    check: 'event-subscription',
    reason: 'event-types-missing',
    remedy: /az eventgrid event-subscription update .*--source-resource-id \/subscriptions/,
  },
  {
    when: 'events stopped three hours ago',
    registry: 'northwind',
    async break() {
      await bridge.put({ resourceId: other('northwind').resourceId }, 'northwind');
      await pushTo('northwind', 'team/app:v1');
      await pushedTo('northwind', 'team/app:v1', new Date(Date.now() - 3 * 3_600_000));
      await pushTo('northwind', 'team/app:v2');
      await bridge.services.reports.start('northwind', false);
      await reconcile(bridge.services, 'northwind', AbortSignal.timeout(20_000), bridge.log);
    },
    ...{ check: 'events-arriving', reason: 'events-stopped', remedy: /DeadLetteredCount/ },
  },
];

test('each check is broken by some case', () => {
  const names = listChecks(fresh()).map(({ name }) => name);

  expect([...new Set(CASES.map(({ check }) => check))].sort()).toEqual(names.sort());
});

test('of a registry with which all is well nothing is wrong, and everything was looked at', async () => {
  const findings = await look(fresh());

  expect(findings.filter(({ ok }) => ok !== true)).toEqual([]);
  expect(findings.length).toBeGreaterThan(15);
});

test.each(CASES)(
  'when $when: $check, $reason',
  async ({ registry, break: breakIt, check, reason, message = /./, remedy }) => {
    const services = (await breakIt()) ?? fresh();

    const findings = await look(services, registry);

    const wrong = findings.filter(({ ok }) => ok === false);
    expect(wrong).toEqual([
      expect.objectContaining({ check, reason, message: expect.stringMatching(message) }),
    ]);
    expect(wrong[0]?.remedy).toMatch(remedy);
  },
);

function odataError(code: string): object {
  return { 'odata.error': { code, message: { lang: 'en-US', value: code } } };
}
