import { describe, expect, test } from 'vitest';
import type { Node } from 'web-tree-sitter';
import type { DeclaredCredential } from '../../../shared/credentials/kinds/all.ts';
import { setupGuide } from '../../../shared/guide/guide.ts';
import type { Registry } from '../../../shared/records/registry.ts';
import { follow, optionsOf } from '../../support/follow-guide.ts';
import { type BicepFile, parameterValues, property, type Resource, readBicep } from './bicep.ts';
import { deployed, fileNamed, literalsOf, resourceOf } from './deployed-app.ts';
import { evaluate, iterate, type Values } from './evaluate.ts';

/** Ids of built-in roles, from https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const ROLE_IDS: Record<string, string> = {
  AcrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
  'Container Registry Repository Catalog Lister': 'bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7',
  'Container Registry Repository Reader': 'b93aa761-3e63-49ed-ac28-beffa264f7ac',
  'EventGrid Data Sender': 'd5a91429-5739-47e2-a06b-3470a27159e7',
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb',
  Reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  'Storage Blob Data Contributor': 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
};

/** Who has which role where, beside those at registries; each for the calls or the writes in the comment. */
const NEEDED = [
  // The Functions host: its own containers, the package, the timers' state
  'bridge: Storage Blob Data Owner on storageAccounts',
  // shared/records, azure/leased-rows.ts, reconciliation/reports.ts; diagnostic events of the host
  'bridge: Storage Table Data Contributor on storageAccounts',
  // shared/azure/key-vault/vault.ts: read, write, list versions, switch off, remove, recover
  'bridge: Key Vault Secrets Officer on vaults',
  // The Functions host: telemetry, since local authentication is off
  'bridge: Monitoring Metrics Publisher on components',
  // shared/azure/event-grid.ts
  'bridge: EventGrid Data Sender on topics',
  // shared/azure/arm/event-subscriptions.ts
  'bridge: Reader on systemTopics',
  // The person who deploys stores Coder's session token
  'deployer: Key Vault Secrets Officer on vaults',
  // Event Grid writes what it could not deliver
  'systemTopic: Storage Blob Data Contributor on containers',
];

/** shared/azure/arm/registries.ts reads the registry, acr.ts what it holds. */
const READING = ['bridge: Reader on registries', 'bridge: AcrPull on registries'];
const READING_IN_ABAC_MODE = [
  'bridge: Reader on registries',
  'bridge: Container Registry Repository Reader on registries',
  'bridge: Container Registry Repository Catalog Lister on registries',
];

const PRINCIPALS: Values = {
  ...{ bridgePrincipalId: 'bridge', coderPrincipalId: 'coder', deployerPrincipalId: 'deployer' },
};
const builtInRoles = evaluate(
  fileNamed('built-in-roles.bicep'),
  fileNamed('built-in-roles.bicep').vars[0]?.value as Node,
  {},
);

function assignmentsOf(file: BicepFile, given: Values): string[] {
  const resources = Object.fromEntries(file.resources.map(({ symbol }) => [symbol, { id: symbol }]));
  const values = { ...resources, ...parameterValues(file), ...PRINCIPALS, builtInRoles, ...given };
  return file.resources
    .filter(({ type }) => type.startsWith('Microsoft.Authorization/roleAssignments@'))
    .filter(({ node }) => isMade(file, node, values))
    .flatMap(resource =>
      iterate(file, resource.node, values).map(({ values }) => assignment(file, resource, values)),
    );
}

function isMade(file: BicepFile, node: Node, values: Values): boolean {
  const condition = node.descendantsOfType('if_statement')[0]?.namedChild(0);
  return !condition || Boolean(evaluate(file, condition, values));
}

function assignment(file: BicepFile, { body }: Resource, values: Values): string {
  const principal = evaluate(file, property(body, 'properties.principalId') as Node, values);
  const scope = property(body, 'scope')?.text.split('::').at(-1) ?? '';
  const type = resourceOf(file, scope).type.split('@')[0]?.split('/').at(-1);
  const id = String(evaluate(file, property(body, 'properties.roleDefinitionId') as Node, values))
    .split('/')
    .at(-1);
  const [role = id] = Object.entries(ROLE_IDS).find(([, roleId]) => roleId === id) ?? [];
  return `${principal}: ${role} on ${type}`;
}

const atRegistry = (credentialKind: string, abac: boolean, coderPrincipalId = 'coder') =>
  assignmentsOf(fileNamed('registry.bicep'), { credentialKind, abac, coderPrincipalId });

describe('role assignments', () => {
  test('beside those at registries are those that the calls of the code need, each where it is needed', () => {
    const principals: Record<string, Values> = {
      'roles.bicep': { principalId: 'bridge' },
      'dead-letters.bicep': { principalId: 'systemTopic' },
    };
    const made = readBicep()
      .filter(({ name }) => name !== 'registry.bicep')
      .flatMap(file => assignmentsOf(file, principals[file.name] ?? {}));

    expect(made.sort()).toEqual([...NEEDED].sort());
  });

  test.each(['static', 'service-principal', 'entra-identity'])(
    'at a registry with %s let the bridge read, and no one else do anything',
    kind => {
      expect(atRegistry(kind, false)).toEqual(READING);
      expect(atRegistry(kind, true)).toEqual(READING_IN_ABAC_MODE);
    },
  );

  test.each(['token', 'admin'])('at a registry with %s let the bridge issue as well', kind => {
    expect(atRegistry(kind, false)).toEqual([...READING, 'bridge: credentialManager on registries']);
    expect(atRegistry(kind, true)).toEqual([
      ...READING_IN_ABAC_MODE,
      'bridge: credentialManager on registries',
    ]);
  });

  test('at a registry with managed-identity let Coder pull, when it has an identity', () => {
    expect(atRegistry('managed-identity', false)).toEqual([...READING, 'coder: AcrPull on registries']);
    expect(atRegistry('managed-identity', true)).toEqual([
      ...READING_IN_ABAC_MODE,
      'coder: Container Registry Repository Reader on registries',
    ]);
    expect(atRegistry('managed-identity', false, '')).toEqual(READING);
  });

  test('go to the ids that Azure knows the roles by', () => {
    expect(builtInRoles).toEqual(ROLE_IDS);
  });
});

describe.each(['token', 'admin'] as const)('the custom role for %s', kind => {
  const ofRole = (path: string) =>
    deployed('registry.bicep', 'credentialManager', path, {
      ...{ credentialKind: kind, registryName: 'Contoso', abac: false, coderPrincipalId: '' },
    });

  test('allows the actions that the setup guide tells people to allow', async () => {
    const [guided] = await roleInGuide(kind);

    expect(ofRole('properties.permissions')).toEqual([{ actions: guided.Actions, notActions: [] }]);
  });

  test('has a name that no other registry in the tenant takes, and can be assigned in one resource group', () => {
    expect(ofRole('properties.roleName')).toBe(`Coder ACR Bridge Credential Manager (${kind}, Contoso)`);
    expect(ofRole('properties.assignableScopes')).toEqual(['RESOURCE_GROUP']);
  });
});

test('a registry may have every kind of credential that the app knows', () => {
  expect(literalsOf('Registry', 'credentialKind').sort()).toEqual([
    'admin',
    'entra-identity',
    'managed-identity',
    'service-principal',
    'static',
    'token',
  ] satisfies DeclaredCredential['kind'][]);
});

async function roleInGuide(kind: 'token' | 'admin') {
  const schedule = { rotateEveryHours: 720, graceMinutes: 60 };
  const credential =
    kind === 'token' ? { kind, tokenName: 'coder-pull', ...schedule } : { kind, ...schedule };
  const registry: Registry = {
    ...{
      name: 'contoso',
      loginServer: 'contoso.azurecr.io',
      sku: 'Premium',
      credential,
      rotation: {},
      policy: { rules: [] },
    },
    resourceId:
      '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/coder/providers/Microsoft.ContainerRegistry/registries/Contoso',
    ...{ createdOn: new Date(0), updatedOn: new Date(0) },
  };
  const settings = {
    ARM_AUDIENCE: 'https://management.azure.com',
    CODER_URL: 'https://coder.example.com',
    CODER_GENERATION: 'classic' as const,
    CODER_TOKEN_SECRET: 'coder-session-token',
    KEY_VAULT_URL: 'https://vault.vault.azure.net',
  };
  const guide = setupGuide(registry, {
    settings,
    clientId: 'client-1',
    bridgeUrl: 'https://bridge.example.com',
  });
  const { calls } = await follow(guide);
  return optionsOf(calls, '--role-definition').map(text => JSON.parse(text) as { Actions: string[] }) as [
    { Actions: string[] },
  ];
}
