import { test } from 'vitest';
import { explainArm } from '../../../../shared/azure/refusals/arm.ts';
import { expectRefusal, type Row, said } from './rows.ts';

const subscriptionId = '00000000-0000-0000-0000-000000000001';
const registry = { subscriptionId, resourceGroup: 'rg', registryName: 'contoso' };
const id = `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/contoso`;
const arm = (code: string, message: string) => ({ error: { code, message } });
const oid = '8a1f0a53-6a0c-4a86-b1a6-8f5d8d0a1c55';
const locked = (scope: string) =>
  arm(
    'ScopeLocked',
    `The scope '${id}/tokens/x' cannot perform write operation because following scope(s) are locked: '${scope}'. Please remove the lock and try again.`,
  );
const assignment = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/policyAssignments/p1`;

test.each<Row>([
  [
    'a lock on the registry',
    409,
    locked(id),
    'scope-locked',
    /are locked: '\/subscriptions/,
    new RegExp(`az lock list --resource ${id}\n.*az lock delete`),
  ],
  [
    'a lock on its resource group, as in azure-sdk-for-java#2560',
    409,
    locked(`/subscriptions/${subscriptionId}/resourceGroups/rg/`),
    'scope-locked',
    /cannot perform write operation/,
    new RegExp(`az lock list --subscription ${subscriptionId} --resource-group rg\n`),
  ],
  [
    'a policy',
    403,
    arm(
      'RequestDisallowedByPolicy',
      `Resource 'coder-acr-bridge' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"No tokens","id":"${assignment}"}}]'.`,
    ),
    'disallowed-by-policy',
    /disallowed by policy.*No tokens/,
    new RegExp(`az policy exemption create .*--policy-assignment '${assignment}' --scope ${id}`),
  ],
  [
    'a policy without its id',
    403,
    arm('RequestDisallowedByPolicy', "Resource 'x' was disallowed by policy."),
    'disallowed-by-policy',
    /disallowed by policy/,
    /az policy assignment list --scope/,
  ],
  [
    'a missing role',
    403,
    arm(
      'AuthorizationFailed',
      `The client '${oid}' with object id '${oid}' does not have authorization to perform action 'Microsoft.ContainerRegistry/registries/tokens/write' over scope '${id}' or the scope is invalid.`,
    ),
    'azure-refused',
    /tokens\/write/,
    new RegExp(`az role assignment create --role 'The Role' --assignee-object-id ${oid} .*--scope ${id}`),
  ],
  [
    'a deny assignment',
    403,
    arm(
      'DenyAssignmentAuthorizationFailed',
      "… however, the access is denied because of the deny assignment with name 'd' and Id 'i'.",
    ),
    'azure-refused',
    /deny assignment with name 'd'/,
    /denyAssignments/,
  ],
  [
    'an administrator account that is off, as in terraform-provider-azurerm#21440',
    400,
    arm(
      'UnAuthorizedForCredentialOperations',
      `Cannot perform credential operations for ${id} as admin user is disabled.`,
    ),
    'admin-disabled',
    /admin user is disabled/,
    /az acr update --name contoso --admin-enabled true/,
  ],
  [
    'a subscription that is off',
    409,
    arm('ReadOnlyDisabledSubscription', 'The subscription is disabled and therefore marked as read only.'),
    'azure-refused',
    /marked as read only/,
    /az account show --subscription/,
  ],
  [
    'a token for another service',
    401,
    arm(
      'InvalidAuthenticationTokenAudience',
      'The access token has been obtained for wrong audience or resource.',
    ),
    'azure-refused',
    /wrong audience/,
    /ARM_AUDIENCE/,
  ],
  [
    'no such registry',
    404,
    arm('ResourceNotFound', 'The Resource was not found.'),
    'azure-refused',
    /not found/,
    /az acr show --name contoso/,
  ],
  [
    'a full registry',
    409,
    arm('QuotaExceeded', 'The quota was exceeded.'),
    'azure-refused',
    /quota/,
    /az acr token list --registry contoso/,
  ],
  [
    'a token that is not active yet',
    409,
    arm('TokenNotActive', 'The token is not active.'),
    'registry-unavailable',
    /not active/,
    /Wait/,
    'passes',
  ],
  ['too many calls', 429, arm('TooManyRequests', 'slow'), 'registry-unavailable', /429/, /Wait/, 'passes'],
  ['no answer', undefined, 'ECONNREFUSED', 'registry-unavailable', /no answer/, /ARM_URL/, 'passes'],
])('%s', (...row) => {
  expectRefusal(explainArm(said(row[1], row[2]), { registry, role: 'The Role' }), row);
});
