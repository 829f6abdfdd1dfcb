import type { StandInResponse } from '../../stand-in.ts';

function armError(status: number, code: string, message: string): StandInResponse {
  return { status, body: { error: { code, message } } };
}

/** 401: no token, or none that counts. */
export function notAuthenticated(code: string, message: string): StandInResponse {
  const challenge = `Bearer authorization_uri="https://login.windows.net/", error="invalid_token", error_description="${message}"`;
  return { ...armError(401, code, message), headers: { 'www-authenticate': challenge } };
}

/** 401: a token for another service. */
export function wrongAudience(found: string, allowed: readonly string[]): StandInResponse {
  return notAuthenticated(
    'InvalidAuthenticationTokenAudience',
    `The access token has been obtained for wrong audience or resource '${found}'. It should exactly match with one of the allowed audiences ${allowed.map(audience => `'${audience}'`).join(',')}.`,
  );
}

/** 403: no role of the identity has `action` on `scope`. */
export function notAuthorized(objectId: string, action: string, scope: string): StandInResponse {
  return armError(
    403,
    'AuthorizationFailed',
    `The client '${objectId}' with object id '${objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

export function apiVersionMissing(): StandInResponse {
  return armError(
    400,
    'MissingApiVersionParameter',
    'The api-version query parameter (?api-version=) is required for all requests.',
  );
}

export function subscriptionNotFound(subscription: string): StandInResponse {
  return armError(404, 'SubscriptionNotFound', `The subscription '${subscription}' could not be found.`);
}

export function resourceGroupNotFound(group: string): StandInResponse {
  return armError(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`);
}

export function registryNotFound(name: string, group: string): StandInResponse {
  return armError(
    404,
    'ResourceNotFound',
    `The Resource 'Microsoft.ContainerRegistry/registries/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}
