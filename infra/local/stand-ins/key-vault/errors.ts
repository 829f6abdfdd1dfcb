import type { StandInResponse } from '../../stand-in-messages.ts';

/** A Key Vault error as clients read it; `inner` is the finer of its two codes. */
function vaultError(status: number, code: string, message: string, inner?: string): StandInResponse {
  return { status, body: { error: { code, message, ...(inner && { innererror: { code: inner } }) } } };
}

/** 401 with the challenge that tells clients where, and for which resource, to get a token. */
export function notAuthenticated(tenantId: string, resource: string, message: string): StandInResponse {
  const challenge = `Bearer authorization="https://login.microsoftonline.com/${tenantId}", resource="${resource}"`;
  return { ...vaultError(401, 'Unauthorized', message), headers: { 'www-authenticate': challenge } };
}

/** 403 as vaults with role-based access give it. */
export function notAuthorized(caller: string, action: string): StandInResponse {
  const message = [
    'Caller is not authorized to perform action on resource.',
    'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
    `Caller: oid=${caller}`,
    `Action: 'Microsoft.KeyVault/vaults/${action}'`,
  ].join('\r\n');
  return vaultError(403, 'Forbidden', message, 'ForbiddenByRbac');
}

export function secretNotFound(name: string): StandInResponse {
  return vaultError(
    404,
    'SecretNotFound',
    `A secret with (name/id) ${name} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command.`,
  );
}

export function deletedSecretNotFound(name: string): StandInResponse {
  return vaultError(404, 'SecretNotFound', `Deleted Secret not found: ${name}`);
}

export function secretDisabled(): StandInResponse {
  return vaultError(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled');
}

/** 409: a soft-deleted secret keeps its name until it is purged. */
export function secretIsDeleted(name: string): StandInResponse {
  return vaultError(
    409,
    'Conflict',
    `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`,
    'ObjectIsDeletedButRecoverable',
  );
}

export function badParameter(message: string): StandInResponse {
  return vaultError(400, 'BadParameter', message);
}
