import type { HostCheck } from '../azure/acr/allowed-hosts.ts';
import type { Acr } from '../azure/acr/client.ts';
import type { Arm, RegistryDescription } from '../azure/arm/registries.ts';
import { parseRegistryId, type RegistryResourceId } from '../azure/arm/resource-id.ts';
import { roleAssignment } from '../azure/az-commands.ts';
import { describe, RefusedError, ServiceError, statusOf } from '../errors.ts';

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
      throw explainArm(resourceId, error);
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
    const message = `${registry.loginServer} refuses the bridge's identity. Run: ${assignment('AcrPull', resourceId)}`;
    throw new RefusedError('registry-not-reachable', message);
  });
  return registry;
}

function assignment(role: string, resourceId: string): string {
  return roleAssignment(role, 'PRINCIPAL_ID', resourceId).join(' ');
}

function explainArm(resourceId: string, error: unknown): Error {
  const status = statusOf(error);
  if (status === 404 || status === 400) {
    const message = `Azure has no registry ${resourceId}. Compare with: az acr show --name NAME --query id`;
    return new RefusedError('registry-not-found', message);
  }
  if (status === 403) {
    const message = `The bridge's identity may not read ${resourceId}. Run: ${assignment('Reader', resourceId)}`;
    return new RefusedError('registry-not-readable', message);
  }
  return new ServiceError('registry-unavailable', `Azure Resource Manager: ${describe(error)}`, {
    cause: error,
  });
}
