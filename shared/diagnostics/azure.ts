import type { HostCheck } from '../azure/acr/allowed-hosts.ts';
import type { ArmCredentials } from '../azure/arm/credentials.ts';
import type { Graph } from '../azure/graph.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { CredentialError, describe, RefusedError, ServiceError, statusOf } from '../errors.ts';
import { type Check, fine, type Verdict, wrong } from '../lib/check.ts';
import type { StoredRegistry } from '../records/registry.ts';
import { missingRole } from './commands.ts';
import type { Diagnosis } from './diagnosis.ts';

export interface AzureCheckServices {
  armCredentials: ArmCredentials;
  graph: Graph;
  isAllowedHost: HostCheck;
}

/** Checks that compare the registry in Azure with its record. */
export function azureChecks({
  armCredentials,
  graph,
  isAllowedHost,
}: AzureCheckServices): Check<Diagnosis>[] {
  return [
    {
      name: 'azure-resource',
      truth: 'Azure shows the registry to the bridge.',
      needs: ['registry-record'],
      async run({ registry: { resourceId }, askAzure, principalId }) {
        try {
          const { loginServer, sku, abac } = await askAzure();
          return fine(`Azure says ${loginServer}, ${sku}, ${abac ? 'in ABAC mode' : 'not in ABAC mode'}.`);
        } catch (error) {
          return explainAzure(error, resourceId, principalId);
        }
      },
    },
    {
      name: 'login-server',
      truth: 'Its login server is the one in the record, and an allowed host.',
      needs: ['azure-resource'],
      async run({ registry, askAzure }) {
        const { loginServer } = await askAzure();
        if (loginServer !== registry.loginServer) {
          const message = `Azure says ${loginServer}, and the record says ${registry.loginServer}.`;
          const remedy = `PUT the registry again: /api/registries/${registry.name}. Delete ${registry.loginServer} in Coder.`;
          return wrong('login-server-changed', message, remedy);
        }
        if (isAllowedHost(loginServer)) return fine(`${loginServer} is an allowed host.`);
        const message = `${loginServer} is not an allowed host: the bridge sends it no tokens.`;
        return wrong(
          'host-not-allowed',
          message,
          `If the host is right, add it to the setting ACR_ALLOWED_HOSTS.`,
        );
      },
    },
    {
      name: 'credential-kind',
      truth: 'The registry allows the declared kind of credential, and the bridge may issue it.',
      needs: ['azure-resource'],
      async run({ registry, askAzure, signal }) {
        const { credential } = registry;
        const context = { registry, arm: armCredentials, graph, signal };
        try {
          await credentialKind(credential.kind).check?.(credential, await askAzure(), context);
          return fine(`${registry.loginServer} allows ${credential.kind}.`);
        } catch (error) {
          return explainKind(error, registry);
        }
      },
    },
  ];
}

function explainAzure(error: unknown, resourceId: string, principalId: string): Verdict {
  const status = statusOf(error);
  const message = `Azure Resource Manager: ${describe(error)}`;
  if (status === 404 || status === 400) {
    const remedy =
      'Compare its resource id with: az acr list --query "[].id"\nIf the registry was moved: DELETE it here, then add it again.';
    return wrong('registry-not-found', message, remedy);
  }
  if (status === 401 || status === 403) {
    return wrong('registry-not-readable', message, missingRole('Reader', principalId, resourceId));
  }
  const remedy = "Check ARM_URL, and that the app's network reaches it.";
  return wrong('azure-unavailable', message, remedy);
}

function explainKind(error: unknown, registry: StoredRegistry): Verdict {
  const { name, credential } = registry;
  const guide = `See GET /api/registries/${name}/setup?format=markdown, which has the commands for ${credential.kind}.`;
  if (error instanceof RefusedError || error instanceof CredentialError) {
    const enable =
      error.reason !== 'azure-refused' && credentialKind(credential.kind).enableCommand?.(registry);
    return wrong(error.reason, error.message, enable ? `Run: ${enable}` : guide);
  }
  if (error instanceof ServiceError) {
    return wrong(error.reason, error.message, 'Wait some minutes, then run the checks again.');
  }
  throw error;
}
