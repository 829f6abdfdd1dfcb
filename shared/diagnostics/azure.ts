import type { HostCheck } from '../azure/acr/allowed-hosts.ts';
import type { ArmCredentials } from '../azure/arm/credentials.ts';
import { partsOf } from '../azure/arm/resource-id.ts';
import type { Graph } from '../azure/graph.ts';
import { explainArm } from '../azure/refusals/arm.ts';
import { entraRefusal } from '../azure/refusals/entra.ts';
import { saidBy } from '../azure/refusals/said.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import { credentialsOf } from '../credentials/state.ts';
import { CredentialError, RefusedError, ServiceError, statusOf } from '../errors.ts';
import { type Check, fine, type Verdict, wrong } from '../lib/check.ts';
import type { StoredRegistry } from '../records/registry.ts';
import { forPrincipal } from './commands.ts';
import type { Diagnosis } from './diagnosis.ts';

export interface AzureCheckServices {
  armCredentials: ArmCredentials;
  /** Id of this deployment of the bridge; undefined on a laptop. */
  deploymentId: string | undefined;
  graph: Graph;
  isAllowedHost: HostCheck;
}

/** Checks that compare the registry in Azure with its record. */
export function azureChecks({
  armCredentials,
  deploymentId,
  graph,
  isAllowedHost,
}: AzureCheckServices): Check<Diagnosis>[] {
  return [
    {
      name: 'azure-resource',
      truth: 'Azure shows the registry to the bridge.',
      needs: ['registry-record'],
      async run({ registry, askAzure, principalId }) {
        try {
          const { loginServer, sku, abac } = await askAzure();
          return fine(`Azure says ${loginServer}, ${sku}, ${abac ? 'in ABAC mode' : 'not in ABAC mode'}.`);
        } catch (error) {
          return explainAzure(error, registry, principalId);
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
      async run({ registry, askAzure, principalId, signal }) {
        const { credential } = registry;
        const kept = credentialsOf(registry.rotation);
        const context = { registry, arm: armCredentials, graph, deploymentId, kept, signal };
        try {
          await credentialKind(credential.kind).check?.(credential, await askAzure(), context);
          return fine(`${registry.loginServer} allows ${credential.kind}.`);
        } catch (error) {
          return explainKind(error, registry, principalId);
        }
      },
    },
  ];
}

function explainAzure(error: unknown, registry: StoredRegistry, principalId: string): Verdict {
  const status = statusOf(error);
  const call = { registry: partsOf(registry), role: 'Reader' };
  const { reason, message, remedy } = entraRefusal(error) ?? explainArm(saidBy(error), call);
  if (status === 404 || status === 400) {
    const advice =
      'Compare its resource id with: az acr list --query "[].id"\nIf the registry was moved: DELETE it here, then add it again.';
    return wrong('registry-not-found', message, advice);
  }
  if (reason === 'registry-unavailable') return wrong('azure-unavailable', message, remedy);
  return wrong('registry-not-readable', message, forPrincipal(remedy, principalId));
}

function explainKind(error: unknown, registry: StoredRegistry, principalId: string): Verdict {
  const { name, credential } = registry;
  const guide = `See GET /api/registries/${name}/setup?format=markdown, which has the commands for ${credential.kind}.`;
  if (error instanceof CredentialError || error instanceof ServiceError) {
    const { reason, message, remedy = '' } = error;
    const more = reason === 'azure-refused' ? `\n${guide}` : '';
    return wrong(reason, message, forPrincipal(remedy, principalId) + more);
  }
  if (!(error instanceof RefusedError)) throw error;
  const enable = credentialKind(credential.kind).enableCommand?.(registry);
  return wrong(error.reason, error.message, enable ? `Run: ${enable}` : guide);
}
