import type { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { CredentialError, ServiceError, statusOf } from '../../errors.ts';
import { explainArm } from '../refusals/arm.ts';
import { entraRefusal } from '../refusals/entra.ts';
import { saidBy } from '../refusals/said.ts';
import type { ClientOf } from './client.ts';
import { type IssuingKind, issuingRole } from './issuing-role.ts';
import type { RegistryResourceId } from './resource-id.ts';

/** A call about credentials of one registry. */
export type IssuingCall<T> = (
  client: ContainerRegistryManagementClient,
  at: [resourceGroup: string, registryName: string],
  options: { abortSignal: AbortSignal; updateIntervalInMs: number },
) => Promise<T>;

/**
 * Makes a call that needs the custom role of `kind`.
 * @throws CredentialError with what Azure says, and the command that repairs it
 * @throws ServiceError `registry-unavailable` or `token-refused`
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
  const call = { registry: id, role: issuingRole(kind, id.registryName) };
  const { reason, message, ...refusal } = entraRefusal(error) ?? explainArm(saidBy(error), call);
  const details = { ...refusal, cause: error };
  return reason === 'registry-unavailable' || reason === 'token-refused'
    ? new ServiceError(reason, message, details)
    : new CredentialError(reason, message, details);
}
