import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { Delivery } from '../../../shared/delivery/kinds/all.ts';
import { setupGuide } from '../../../shared/guide/guide.ts';
import { toMarkdown } from '../../../shared/guide/markdown.ts';
import { SetupGuide } from '../../../shared/guide/schema.ts';
import type { Registry } from '../../../shared/records/registry.ts';
import { bash, follow, optionsOf, runsOf } from '../../support/follow-guide.ts';

const RESOURCE_ID =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/coder/providers/Microsoft.ContainerRegistry/registries/Contoso';

function guideFor(delivery: object) {
  const registry: Registry = {
    ...{ name: 'contoso', resourceId: RESOURCE_ID, loginServer: 'contoso.azurecr.io', sku: 'Premium' },
    credential: { kind: 'token', tokenName: 'coder-pull', rotateEveryHours: 720, graceMinutes: 60 },
    ...{ rotation: {}, policy: { rules: [] }, createdOn: new Date(0), updatedOn: new Date(0) },
    delivery: Delivery.parse(delivery),
  };
  return setupGuide(registry, {
    settings: {
      ...{ ARM_AUDIENCE: 'https://management.azure.com', CODER_URL: 'https://coder.example.com' },
      ...{ CODER_TOKEN_SECRET: 'coder-session-token', KEY_VAULT_URL: 'https://kv-bridge.vault.azure.net' },
      CODER_GENERATION: 'v2',
    },
    clientId: undefined,
    bridgeUrl: 'https://bridge.example.net',
  });
}

const KUBERNETES = {
  ...{ kind: 'kubernetes', server: 'https://c.hcp.westeurope.azmk8s.io' },
  ...{ namespaces: ['dev', 'gpu'], secret: 'acr-pull' },
};
const KEY_VAULT = { kind: 'key-vault', secret: 'contoso-docker', refreshMinutes: 30 };
const PULL = { kind: 'pull', refreshMinutes: 30 };

/** What is given to `kubectl apply`, read by a YAML library. */
async function manifestsOf(delivery: object): Promise<{ kind: string; [field: string]: unknown }[]> {
  const { applied } = await follow(guideFor(delivery));
  return applied
    .flatMap(text => parseAllDocuments(text, { strict: true }))
    .map(document => {
      expect(document.errors).toEqual([]);
      return document.toJS();
    });
}

describe.each([
  ['kubernetes', KUBERNETES],
  ['key-vault', KEY_VAULT],
  ['pull', PULL],
])('the guide for the delivery %s', (_, delivery) => {
  test('is as its schema says, in commands that a shell takes, and asks for no role of the nodes', async () => {
    const guide = guideFor(delivery);

    expect(SetupGuide.parse(guide)).toEqual(guide);
    expect(toMarkdown(guide)).toContain('image_pull_secrets { name = ');
    for (const run of runsOf(guide)) expect(bash(run, '-n').stderr, run).toBe('');
    const { calls } = await follow(guide);
    expect(optionsOf(calls, '--attach-acr')).toEqual([]);
  });
});

test('kubernetes: the role is for each namespace alone, or for the one Secret', async () => {
  const { calls } = await follow(guideFor(KUBERNETES));
  const writers = calls.filter(call => call.includes('Azure Kubernetes Service RBAC Writer'));
  expect(optionsOf(writers, '--scope')).toEqual(['found/namespaces/dev', 'found/namespaces/gpu']);
  expect(optionsOf(writers, '--assignee-object-id')).toEqual(['found', 'found']);

  const manifests = await manifestsOf(KUBERNETES);
  expect(manifests.map(({ kind }) => kind)).toEqual(['Role', 'RoleBinding', 'Role', 'RoleBinding']);
  expect(manifests[0]).toMatchObject({
    rules: [
      {
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: ['acr-pull'],
        verbs: ['get', 'create', 'patch'],
      },
    ],
  });
  expect(manifests[1]).toMatchObject({ subjects: [{ kind: 'User', name: 'found' }] });
});

test('key-vault: the reader may read the one secret, and External Secrets or the CSI driver copies it', async () => {
  const { calls } = await follow(guideFor(KEY_VAULT));
  const readers = calls.filter(call => call.includes('Key Vault Secrets User'));
  expect(optionsOf(readers, '--scope')).toEqual(['KEY_VAULT_ID/secrets/contoso-docker']);
  expect(optionsOf(calls, '--rotation-poll-interval')).toEqual(['30m']);

  const manifests = await manifestsOf(KEY_VAULT);
  const [store, external, provider = { kind: '', spec: {} }] = manifests;
  expect(store).toMatchObject({
    spec: { provider: { azurekv: { vaultUrl: 'https://kv-bridge.vault.azure.net' } } },
  });
  expect(external).toMatchObject({
    ...{ kind: 'ExternalSecret', metadata: { name: 'contoso-pull' } },
    spec: {
      refreshInterval: '30m',
      target: {
        template: {
          type: 'kubernetes.io/dockerconfigjson',
          data: { '.dockerconfigjson': '{{ .config | toString }}' },
        },
      },
      data: [{ secretKey: 'config', remoteRef: { key: 'contoso-docker' } }],
    },
  });
  expect(provider).toMatchObject({
    kind: 'SecretProviderClass',
    spec: {
      parameters: { keyvaultName: 'kv-bridge' },
      secretObjects: [
        {
          ...{ secretName: 'contoso-pull', type: 'kubernetes.io/dockerconfigjson' },
          data: [{ objectName: 'contoso-docker', key: '.dockerconfigjson' }],
        },
      ],
    },
  });
  const { parameters } = provider.spec as { parameters: { objects: string } };
  const [listed] = parseAllDocuments(parameters.objects).map(
    document => document.toJS() as { array: string[] },
  );
  expect(parseAllDocuments(listed?.array[0] ?? '')[0]?.toJS()).toEqual({
    ...{ objectName: 'contoso-docker', objectType: 'secret' },
  });
});

test('pull: the schedule fits how often the credential is to be fetched', () => {
  expect(JSON.stringify(guideFor(PULL))).toContain('`*/30 * * * *`');
  expect(JSON.stringify(guideFor({ ...PULL, refreshMinutes: 150 }))).toContain('`0 */2 * * *`');
});
