import type { HostCheck } from '../azure/acr/allowed-hosts.ts';
import type { Acr } from '../azure/acr/client.ts';
import type { Arm, RegistryDescription } from '../azure/arm/registries.ts';
import { parseRegistryId, type RegistryResourceId } from '../azure/arm/resource-id.ts';
import { roleAssignment } from '../azure/az-commands.ts';
import { explainArm } from '../azure/refusals/arm.ts';
import { entraRefusal } from '../azure/refusals/entra.ts';
import { PRINCIPAL } from '../azure/refusals/refusal.ts';
import { saidBy } from '../azure/refusals/said.ts';
import { RefusedError, ServiceError, statusOf } from '../errors.ts';

interface AccessServices {
  arm: Arm;
  acr: Acr;
  isAllowedHost: HostCheck;
}

/**
 * What Azure says of the registry, after a check that the bridge's identity can read it.
 * @throws RefusedError when it cannot, with the command that repairs it
 * @throws ServiceError when Azure or the registry does not answer
 */
export async function describeReachable(
  { arm, acr, isAllowedHost }: AccessServices,
  resourceId: string,
  signal: AbortSignal,
): Promise<RegistryDescription> {
  const registry = await arm
    .describeRegistry(parseRegistryId(resourceId) as RegistryResourceId, signal)
    .catch((error: unknown) => {
      throw explain(resourceId, error);
    });
  if (!isAllowedHost(registry.loginServer)) {
    const message = `Azure says that its login server is ${registry.loginServer}, which is not an allowed host. If the host is right, add it to the setting ACR_ALLOWED_HOSTS.`;
    throw new RefusedError('host-not-allowed', message);
  }
  await acr.checkAccess(registry.loginServer, signal).catch((error: unknown) => {
    // In ABAC mode, a role that reads repositories does not list them, so a refused list proves nothing.
    const refused = error instanceof ServiceError && error.reason === 'registry-unauthorized';
    if (!refused) throw error;
    if (registry.abac) return;
    const remedy = `Run: ${roleAssignment('AcrPull', PRINCIPAL, resourceId).join(' ')}`;
    throw new RefusedError('registry-not-reachable', error.message, [], remedy);
  });
  return registry;
}

function explain(resourceId: string, error: unknown): Error {
  const registry = parseRegistryId(resourceId) as RegistryResourceId;
  const { reason, message, ...refusal } =
    entraRefusal(error) ?? explainArm(saidBy(error), { registry, role: 'Reader' });
  if (reason === 'registry-unavailable' || reason === 'token-refused') {
    return new ServiceError(reason, message, { ...refusal, cause: error });
  }
  const status = statusOf(error);
  if (status === 404 || status === 400) {
    const remedy = 'Compare with: az acr list --query "[].id"';
    return new RefusedError(
      'registry-not-found',
      `Azure has no registry ${resourceId}. ${message}`,
      [],
      remedy,
    );
  }
  return new RefusedError('registry-not-readable', message, [], refusal.remedy);
}
