import { partsOf } from '../azure/arm/resource-id.ts';
import { deleteTokenPassword } from '../azure/az-commands.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import type { CredentialRecord, Failure } from '../credentials/state.ts';
import { ServiceError } from '../errors.ts';
import { userNameOf } from './azure-facts.ts';

type FailedRegistry = CredentialRecord & { loginServer: string; resourceId: string };

/** The registry does not accept the current credential. */
export function refusedBy({ loginServer, credential, rotation: { current } }: FailedRegistry): Failure {
  const { supplied } = credentialKind(credential.kind);
  const remedy = supplied ? ' PUT the registry again with a working password.' : '';
  const message = `${loginServer} refuses ${current?.username}, or its password is gone from Key Vault.${remedy}`;
  return { reason: 'credential-refused', message };
}

/** The registry knows the current password, but does not let it pull. */
export function lacksRights({ loginServer, rotation: { current } }: FailedRegistry): Failure {
  const message = `${loginServer} knows the password of ${current?.username}, but does not let it pull. Check that the account may pull from the registry (AcrPull, or Container Registry Repository Reader in ABAC mode).`;
  return { reason: 'pull-not-allowed', message };
}

/** The account has both passwords, and the bridge does not know which of them was delivered. */
export function noFreeSlot({ name, loginServer, resourceId, credential }: FailedRegistry): Failure {
  const account = userNameOf(credential) ?? 'the account';
  const command = deleteTokenPassword(partsOf({ resourceId }).registryName, account, 1);
  const message = `The bridge must issue a new password, but ${account} at ${loginServer} has both, and the bridge does not know which one is in use. Delete the one that is not in use: ${command} (or --password2). If pulls with either may fail: POST /api/registries/${name}/rotate?compromised=true`;
  return { reason: 'no-free-password', message };
}

/** The registry did not accept a new credential in time. */
export function neverAccepted({ loginServer }: FailedRegistry): Failure {
  const message = `${loginServer} did not accept the new credential within 15 minutes, so the bridge discarded it. Check that the account may pull from the registry (AcrPull, or Container Registry Repository Reader in ABAC mode).`;
  return { reason: 'not-accepted', message };
}

/** Reasons of the holder that mean it can use the old credential, but not the new one; its other refusals pass. */
const FINAL: readonly string[] = ['coder-rejected', 'coder-cannot-pull', 'credential-refused'];

export function isFinal(error: unknown): error is ServiceError {
  return error instanceof ServiceError && FINAL.includes(error.reason);
}

/** Reasons that are about the current credential, or the way to it: a healthy run proves them wrong. */
const HEALED: readonly string[] = [
  ...['pull-not-allowed', 'no-free-password'],
  ...['credential-refused', 'network-denied', 'token-refused'],
  ...['secrets-forbidden', 'secrets-unavailable', 'registry-unauthorized'],
  ...['delivery-refused', 'delivery-not-fetched'],
];

/** Whether a healthy run clears this failure. A failure about a new credential stays until the next rotation. */
export function isOver(failure: Failure): boolean {
  return failure.retryable === true || HEALED.includes(failure.reason);
}
