import { partsOf } from '../azure/arm/resource-id.ts';
import { deleteTokenPassword } from '../azure/az-commands.ts';
import { credentialKind } from '../credentials/kinds/all.ts';
import type { CredentialRecord, Failure } from '../credentials/state.ts';
import { ServiceError } from '../errors.ts';
import { userNameOf } from './azure-facts.ts';

type FailedRegistry = CredentialRecord & { loginServer: string; resourceId: string };

/** The registry does not accept the credential that Coder holds. */
export function refusedBy({ loginServer, credential, rotation: { current } }: FailedRegistry): Failure {
  const { supplied } = credentialKind(credential.kind);
  const remedy = supplied ? ' PUT the registry again with a working password.' : '';
  const message = `${loginServer} refuses ${current?.username}, or its password is gone from Key Vault.${remedy}`;
  return { reason: 'credential-refused', message };
}

/** The registry knows the password of Coder, but does not let it pull. */
export function lacksRights({ loginServer, rotation: { current } }: FailedRegistry): Failure {
  const message = `${loginServer} knows the password of ${current?.username}, but does not let it pull. Check that the account may pull from the registry (AcrPull, or Container Registry Repository Reader in ABAC mode).`;
  return { reason: 'pull-not-allowed', message };
}

/** Both passwords of the account are in use, and the bridge does not know which of them Coder holds. */
export function noFreeSlot({ name, loginServer, resourceId, credential }: FailedRegistry): Failure {
  const account = userNameOf(credential) ?? 'the account';
  const command = deleteTokenPassword(partsOf({ resourceId }).registryName, account, 1);
  const message = `Both passwords of ${account} at ${loginServer} are in use, and the bridge does not know which one Coder holds. Delete the one that Coder does not hold: ${command} (or --password2). If Coder may lose its password: POST /api/registries/${name}/rotate?compromised=true`;
  return { reason: 'no-free-password', message };
}

/** The registry did not accept a new credential in time. */
export function neverAccepted({ loginServer }: FailedRegistry): Failure {
  const message = `${loginServer} did not accept the new credential within 15 minutes; Coder keeps the old one. Check that the account may pull from the registry (AcrPull, or Container Registry Repository Reader in ABAC mode).`;
  return { reason: 'not-accepted', message };
}

/** Reasons of Coder that mean it can use the old credential, but not the new one; its other refusals pass. */
const FINAL: readonly string[] = ['coder-rejected', 'coder-cannot-pull', 'credential-refused'];

export function isFinal(error: unknown): error is ServiceError {
  return error instanceof ServiceError && FINAL.includes(error.reason);
}

/** Reasons that are about the credential that Coder holds, or the way to it: a healthy run proves them wrong. */
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
