import { randomUUID } from 'node:crypto';
import type { StandInResponse } from '../../stand-in-messages.ts';

/** https://learn.microsoft.com/graph/errors */
function graphError(status: number, code: string, message: string): StandInResponse {
  const id = randomUUID();
  const innerError = { date: new Date().toISOString(), 'request-id': id, 'client-request-id': id };
  return { status, body: { error: { code, message, innerError } } };
}

export function notAuthenticated(message: string): StandInResponse {
  return graphError(401, 'InvalidAuthenticationToken', message);
}

/** 403: the caller has no permission, or only one for applications that it owns, and does not own this one. */
export function requestDenied(): StandInResponse {
  return graphError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
}

export function notFound(id: string): StandInResponse {
  return graphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

export function badRequest(message: string): StandInResponse {
  return graphError(400, 'Request_BadRequest', message);
}

/** 400: a policy of the tenant. github.com/Azure/azure-cli/issues/28522 */
export function lifetimeTooLong(): StandInResponse {
  return graphError(
    400,
    'CredentialInvalidLifetimeAsPerAppPolicy',
    `Credential lifetime exceeds the max value allowed as per assigned policy '${randomUUID()}'`,
  );
}

/** 400: github.com/Azure/azure-cli/issues/12946 */
export function tooManyPasswords(most: number): StandInResponse {
  return graphError(
    400,
    'TooManyAppPasswords',
    `Not allowed to add ${most + 1} passwords. You can only add a maximum of ${most} passwords.`,
  );
}
