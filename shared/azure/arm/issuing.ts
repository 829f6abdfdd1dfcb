import type { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { CredentialError, describe, ServiceError, statusOf } from '../../errors.ts';
import { enableAdminAccount, roleAssignment } from '../az-commands.ts';
import type { ClientOf } from './client.ts';
import { type IssuingKind, issuingRole } from './issuing-role.ts';
import { formatRegistryId, type RegistryResourceId } from './resource-id.ts';

/** A call about credentials of one registry. */
export type IssuingCall<T> = (
  client: ContainerRegistryManagementClient,
  at: [resourceGroup: string, registryName: string],
  options: { abortSignal: AbortSignal; updateIntervalInMs: number },
) => Promise<T>;

/**
 * Makes a call that needs the custom role of `kind`.
 * @throws CredentialError `azure-refused` or `admin-disabled`, with the command that repairs it
 * @throws ServiceError `registry-unavailable`
 */
export type Issuing = <T>(id: RegistryResourceId, signal: AbortSignal, call: IssuingCall<T>) => Promise<T>;

/** How often Azure is asked whether an operation has ended. */
const POLL_MS = 500;

export function createIssuing(clientOf: ClientOf, kind: IssuingKind): Issuing {
  return async (id, signal, call) => {
    const options = { abortSignal: signal, updateIntervalInMs: POLL_MS };
    try {
      return await call(clientOf(id.subscriptionId), [id.resourceGroup, id.registryName], options);
    } catch (error) {
      throw toOurError(kind, id, error);
    }
  };
}

/** The result of `found`; undefined when Azure answers 404. */
export async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

function toOurError(kind: IssuingKind, id: RegistryResourceId, error: unknown): Error {
  const { registryName } = id;
  const status = statusOf(error);
  const { code } = error as { code?: string };
  if (code === 'UnAuthorizedForCredentialOperations') {
    const message = `The administrator account of ${registryName} is off. Run: ${enableAdminAccount(id)}`;
    return new CredentialError('admin-disabled', message, error);
  }
  if (status === 403) {
    const role = issuingRole(kind, registryName);
    const assignment = roleAssignment(role, 'PRINCIPAL_ID', formatRegistryId(id)).join(' ');
    const message = `The bridge's identity may not manage this credential of ${registryName}. Run: ${assignment}. Azure says: ${describe(error)}`;
    return new CredentialError('azure-refused', message, error);
  }
  // A new token is inactive for some seconds (409). Other failures of this kind pass too.
  const isRefusal = status === 400 || status === 404 || (status === 409 && code === 'QuotaExceeded');
  const message = `Azure Resource Manager: ${status ? `${status}, ` : ''}${describe(error)}`;
  return isRefusal
    ? new CredentialError('azure-refused', message, error)
    : new ServiceError('registry-unavailable', message, { cause: error });
}
