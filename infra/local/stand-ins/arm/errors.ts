import type { StandInResponse } from '../../stand-in-messages.ts';

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

/** 404 of something inside a registry. @param kind `tokens` or `scopeMaps` */
export function childNotFound(kind: string, name: string): StandInResponse {
  return armError(
    404,
    'ResourceNotFound',
    `The Resource 'Microsoft.ContainerRegistry/registries/${kind}/${name}' was not found.`,
  );
}

export function operationNotFound(id: string): StandInResponse {
  return armError(404, 'OperationNotFound', `The operation '${id}' could not be found.`);
}

export function badBody(message: string): StandInResponse {
  return armError(400, 'InvalidRequestContent', message);
}

/** 400 for a value that ARM could read, but does not take. */
export function invalid(message: string): StandInResponse {
  return armError(400, 'BadRequest', message);
}

export function conflict(code: string, message: string): StandInResponse {
  return armError(409, code, message);
}

/** 400: github.com/hashicorp/terraform-provider-azurerm/issues/21440 */
export function adminDisabled(registryId: string): StandInResponse {
  return armError(
    400,
    'UnAuthorizedForCredentialOperations',
    `Cannot perform credential operations for ${registryId} as admin user is disabled. Kindly enable admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account`,
  );
}
