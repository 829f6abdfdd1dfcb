import { describe, expect, test } from 'vitest';
import { type AcrCall, explainAcr } from '../../../shared/azure/refusals/acr.ts';
import { explainAks } from '../../../shared/azure/refusals/aks.ts';
import { explainArm } from '../../../shared/azure/refusals/arm.ts';
import { entraRefusal, explainEntra } from '../../../shared/azure/refusals/entra.ts';
import { explainGraph } from '../../../shared/azure/refusals/graph.ts';
import { explainKeyVault } from '../../../shared/azure/refusals/key-vault.ts';
import type { Refusal } from '../../../shared/azure/refusals/refusal.ts';
import { readSaid } from '../../../shared/azure/refusals/said.ts';

// What each service answers when it refuses, as people reported it, and what the bridge makes of it.

/** Status, body, reason, what the message must have, what the remedy must have; `passes` when waiting may help. */
type Row = [
  when: string,
  status: number | undefined,
  body: unknown,
  reason: string,
  message: RegExp,
  remedy: RegExp,
  passes?: 'passes',
];

function expectRefusal(refusal: Refusal<string>, [, , , reason, message, remedy, passes]: Row): void {
  expect(refusal).toMatchObject({ reason, retryable: passes !== undefined });
  expect(refusal.message).toMatch(message);
  expect(refusal.remedy).toMatch(remedy);
  // It would succeed on the reader's machine, and prove nothing.
  expect(refusal.remedy).not.toMatch(/docker login/);
  if (refusal.reason === 'network-denied' || refusal.reason === 'disallowed-by-policy') {
    expect(refusal.remedy).not.toMatch(/role assignment/);
  }
}

const said = (status: number | undefined, body: unknown) =>
  readSaid(status, typeof body === 'string' ? body : JSON.stringify(body));

describe('a registry', () => {
  const oci = (code: string, message: string) => ({ errors: [{ code, message }] });
  const xml = (code: string, message = 'no') =>
    `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}\nRequestId:1\nTime:2</Message></Error>`;
  const image = { repository: 'team/app', reference: 'v1', read: 'the manifest v1', of: 'manifest' } as const;
  const call = { loginServer: 'contoso.azurecr.io', host: 'contoso.azurecr.io', ...image };
  const config = { ...call, read: 'the configuration sha256:1', of: 'config' } as const;
  const blob = { ...call, host: 'eusmanaged1.blob.core.windows.net' };

  test.each<[AcrCall, ...Row]>([
    [
      call,
      'network rules, as in docker/build-push-action#1214',
      403,
      oci(
        'DENIED',
        "client with IP '20.50.1.2' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.",
      ),
      'network-denied',
      /network rules of contoso\.azurecr\.io .*403, DENIED, client with IP '20\.50\.1\.2'/,
      /^Let the app in: az acr network-rule add --name contoso --ip-address 20\.50\.1\.2\n.*private endpoint/,
    ],
    [
      { ...call, isExchange: true },
      'network rules at the exchange, as in azure-cli#28151',
      403,
      oci(
        'DENIED',
        "client with IP '20.50.1.2' is not allowed access. Refer https://aka.ms/acr/firewall to grant access. CorrelationId: 0a3728f5",
      ),
      'network-denied',
      /CorrelationId: 0a3728f5/,
      /--ip-address 20\.50\.1\.2\n/,
    ],
    [
      { ...call, loginServer: 'contoso-a1b2.azurecr.io', host: 'contoso-a1b2.azurecr.io' },
      'network rules for an IPv6 address, of a registry with a hash in its host',
      403,
      oci('DENIED', "client with IP '2001:db8::1' is not allowed access."),
      'network-denied',
      /2001:db8::1/,
      /--name contoso --ip-address 2001:db8::1\n/,
    ],
    [
      { ...call, loginServer: 'registry.corp.example:5000', host: 'registry.corp.example:5000' },
      'network rules of a registry under another host',
      403,
      oci('DENIED', "client with IP '10.0.0.4' is not allowed access."),
      'network-denied',
      /registry\.corp\.example:5000/,
      /--name "\$\(az acr list --query "\[\?loginServer=='registry\.corp\.example:5000'\]\.name" --output tsv\)"/,
    ],
    [
      blob,
      'the firewall of the storage that blobs are redirected to',
      403,
      xml('AuthorizationFailure', 'This request is not authorized to perform this operation.'),
      'network-denied',
      /^eusmanaged1\.blob\.core\.windows\.net, the data endpoint that contoso\.azurecr\.io redirects to.*This request is not/,
      /az acr show-endpoints --name contoso\n.*az acr update --name contoso --data-endpoint-enabled true/,
    ],
    [
      blob,
      'a proxy before that storage',
      407,
      '<html><body>Proxy authentication required</body></html>',
      'registry-unavailable',
      /eusmanaged1\.blob\.core\.windows\.net.*407, Proxy authentication required$/,
      /az acr show-endpoints/,
      'passes',
    ],
    [
      blob,
      'storage that does not take the signature',
      403,
      xml('AuthenticationFailed', 'Server failed to authenticate the request.'),
      'registry-unavailable',
      /signed address/,
      /proxy/,
      'passes',
    ],
    [
      blob,
      'storage that does not answer',
      undefined,
      'read ECONNRESET',
      'registry-unavailable',
      /eusmanaged1\.blob\.core\.windows\.net.*no answer, read ECONNRESET/,
      /az acr show-endpoints/,
      'passes',
    ],
    [
      call,
      'a locked image, as in Azure/acr#522',
      405,
      oci(
        'REGISTRY_DISALLOWED_OPERATION',
        'The operation is disallowed on this registry, repository or image. View troubleshooting steps at https://aka.ms/acr/faq/',
      ),
      'image-locked',
      /forbids reading the manifest v1 of team\/app.*The operation is disallowed/,
      /az acr repository update --name contoso --image team\/app:v1 --read-enabled true/,
    ],
    [
      call,
      'a missing role',
      401,
      oci(
        'UNAUTHORIZED',
        'authentication required, visit https://aka.ms/acr/authorization for more information.',
      ),
      'registry-unauthorized',
      /does not let the bridge's identity read the manifest v1 of team\/app/,
      /az role assignment create --role AcrPull .*az acr show --name contoso/,
    ],
    [
      { ...call, isExchange: true },
      'a token of another tenant',
      401,
      oci('UNAUTHORIZED', 'authentication required'),
      'registry-unauthorized',
      /does not take the Entra token/,
      /one Entra tenant.*\n?.*authentication-as-arm show --registry contoso/,
    ],
    [
      call,
      'the upstream of a cache rule, as in Azure/acr#754',
      429,
      oci('TOOMANYREQUESTS', "too many requests to source registry for cache rule 'docker-hub'."),
      'upstream-throttled',
      /source registry .*cache rule 'docker-hub'/,
      /az acr cache list --registry contoso/,
      'passes',
    ],
    [
      config,
      'no configuration',
      404,
      oci('BLOB_UNKNOWN', 'blob unknown to registry'),
      'config-missing',
      /does not give the configuration sha256:1 of team\/app.*blob unknown/,
      /push the image again/,
    ],
    [
      { ...config, host: 'eusmanaged1.blob.core.windows.net' },
      'no such blob in its storage',
      404,
      xml('BlobNotFound', 'The specified blob does not exist.'),
      'config-missing',
      /specified blob does not exist/,
      /push the image again/,
    ],
    [call, 'a manifest that is too large', 413, '', 'manifest-too-large', /too large/, /smaller manifest/],
    [
      call,
      'a manifest that it does not take',
      400,
      oci('MANIFEST_INVALID', 'manifest invalid'),
      'manifest-unreadable',
      /manifest invalid/,
      /push the image again/,
    ],
    [
      call,
      'too many calls',
      429,
      oci('TOOMANYREQUESTS', 'too many requests'),
      'registry-unavailable',
      /slow down/,
      /Wait/,
      'passes',
    ],
    [
      call,
      'a fault of its own',
      500,
      '<html>Bad</html>',
      'registry-unavailable',
      /500, Bad$/,
      /Wait/,
      'passes',
    ],
  ])('%j: %s', (about, ...row) => {
    expectRefusal(explainAcr(said(row[1], row[2]), about), row);
  });
});

describe('Azure Resource Manager', () => {
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
});

describe('Microsoft Graph', () => {
  const call = { appId: '11111111-2222-3333-4444-555555555555', url: 'https://graph.microsoft.com' };
  const graph = (code: string, message: string) => ({ error: { code, message, innerError: { date: 'x' } } });

  test.each<Row>([
    [
      'a policy about lifetimes, as in azure-cli#28522',
      400,
      graph(
        'CredentialInvalidLifetimeAsPerAppPolicy',
        "Credential lifetime exceeds the max value allowed as per assigned policy '538f1913-366a-440a-95a0-e195cb55b282'.",
      ),
      'disallowed-by-policy',
      /three times rotateEveryHours.*538f1913/,
      /smaller credential\.rotateEveryHours.*az rest --method get --url https:\/\/graph\.microsoft\.com\/v1\.0\/policies/,
    ],
    [
      'a policy against client secrets',
      400,
      graph(
        'CredentialTypeNotAllowedAsPerAppPolicy',
        "Credential type not allowed as per assigned policy 'x'.",
      ),
      'disallowed-by-policy',
      /not allowed as per assigned policy/,
      /credential\.kind, such as token/,
    ],
    [
      'as many secrets as it takes, as in azure-cli#12946',
      400,
      graph('TooManyAppPasswords', 'You can only add a maximum of 2 passwords.'),
      'azure-refused',
      /maximum of 2/,
      /az ad app credential delete --id 11111111/,
    ],
    [
      'another owner',
      403,
      graph('Authorization_RequestDenied', 'Insufficient privileges to complete the operation.'),
      'azure-refused',
      /must own the app registration 11111111.*Insufficient privileges/,
      /az ad app owner add --id 11111111/,
    ],
    [
      'no such app',
      404,
      graph('Request_ResourceNotFound', "Resource 'x' does not exist."),
      'azure-refused',
      /no app registration 11111111/,
      /az ad app show --id 11111111/,
    ],
    [
      'a token that it does not take',
      401,
      graph('InvalidAuthenticationToken', 'Access token validation failure. Invalid audience.'),
      'azure-refused',
      /Invalid audience/,
      /GRAPH_AUDIENCE/,
    ],
    [
      'a fault of its own',
      503,
      graph('serviceNotAvailable', 'later'),
      'graph-unavailable',
      /later/,
      /GRAPH_URL/,
      'passes',
    ],
  ])('%s', (...row) => {
    expectRefusal(explainGraph(said(row[1], row[2]), call), row);
  });
});

describe('Key Vault', () => {
  const call = { vault: 'vault1', secret: 'registry-contoso-password' };
  const oid = '8a1f0a53-6a0c-4a86-b1a6-8f5d8d0a1c55';
  const vault = (code: string, message: string, inner?: string) => ({
    error: { code, message, ...(inner && { innererror: { code: inner } }) },
  });

  test.each<Row>([
    [
      'its firewall, as in terraform-provider-azurerm#4553',
      403,
      vault(
        'Forbidden',
        'Client address is not authorized and caller is not a trusted service.\r\nClient address: 20.50.1.2\r\nCaller: appid=1;oid=2\r\nVault: vault1;location=westeurope',
        'ForbiddenByFirewall',
      ),
      'network-denied',
      /network rules of the vault vault1.*Client address: 20\.50\.1\.2/,
      /^Let the app in: az keyvault network-rule add --name vault1 --ip-address 20\.50\.1\.2\n/,
    ],
    [
      'its public access is off',
      403,
      vault(
        'Forbidden',
        'Public network access is disabled and request is not from a trusted service nor via an approved private link.',
        'ForbiddenByConnection',
      ),
      'network-denied',
      /no calls from public networks/,
      /private endpoint.*az keyvault update --name vault1 --public-network-access Enabled/,
    ],
    [
      'a missing role',
      403,
      vault(
        'Forbidden',
        `Caller is not authorized to perform action on resource.\r\nCaller: appid=x;oid=${oid};iss=y\r\nAction: 'Microsoft.KeyVault/vaults/secrets/setSecret/action'`,
        'ForbiddenByRbac',
      ),
      'secrets-forbidden',
      /setSecret/,
      new RegExp(
        `az role assignment create --role 'Key Vault Secrets Officer' --assignee-object-id ${oid} .*az keyvault show --name vault1`,
      ),
    ],
    [
      'a missing access policy',
      403,
      vault(
        'Forbidden',
        `The user, group or application 'appid=x;oid=${oid};iss=y' does not have secrets set permission on key vault 'vault1;location=westeurope'.`,
        'ForbiddenByPolicy',
      ),
      'secrets-forbidden',
      /does not have secrets set permission/,
      new RegExp(`az keyvault set-policy --name vault1 --object-id ${oid} --secret-permissions`),
    ],
    [
      'a policy that secrets must have an end, as in packer-plugin-azure#235',
      403,
      vault(
        'Forbidden',
        'The operation on secret was disallowed by policy. Policy: Key Vault secrets should have an expiration date.',
      ),
      'disallowed-by-policy',
      /expiration date/,
      /credential\.expiresOn.*az policy assignment list/,
    ],
    [
      'a secret that is being deleted, as in azure-sdk-for-net#34322',
      409,
      vault('Conflict', 'Secret x is currently being deleted.', 'ObjectIsBeingDeleted'),
      'secrets-unavailable',
      /still being deleted.*ObjectIsBeingDeleted/,
      /Try again in a minute/,
      'passes',
    ],
    [
      'a secret that is deleted',
      409,
      vault(
        'Conflict',
        'Secret x is currently in a deleted but recoverable state.',
        'ObjectIsDeletedButRecoverable',
      ),
      'secrets-unavailable',
      /recoverable/,
      /Try again in a minute/,
      'passes',
    ],
    [
      'a secret that is disabled',
      403,
      vault('Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled'),
      'secrets-forbidden',
      /is disabled/,
      /az keyvault secret set-attributes --vault-name vault1 --name registry-contoso-password --enabled true/,
    ],
    [
      'no such secret',
      404,
      vault('SecretNotFound', 'A secret was not found in this key vault.'),
      'secrets-unavailable',
      /does not have the secret registry-contoso-password/,
      /az keyvault secret recover --vault-name vault1/,
    ],
    [
      'a vault of another tenant',
      401,
      vault('Unauthorized', 'AKV10032: Invalid issuer.'),
      'secrets-forbidden',
      /AKV10032/,
      /properties\.tenantId/,
    ],
    [
      'a proxy that says nothing',
      403,
      vault('403', '403, empty body'),
      'secrets-forbidden',
      /403, empty body/,
      /az keyvault network-rule list --name vault1/,
    ],
    ['too many calls', 429, vault('Throttled', 'slow'), 'secrets-unavailable', /429/, /Wait/, 'passes'],
  ])('%s', (...row) => {
    expectRefusal(explainKeyVault(said(row[1], row[2]), call), row);
  });
});

describe('the API server of a cluster', () => {
  const call = { host: 'name.hcp.westeurope.azmk8s.io', namespace: 'coder', secret: 'contoso-pull' };
  const oid = '8a1f0a53-6a0c-4a86-b1a6-8f5d8d0a1c55';
  const status = (code: number, reason: string, message: string) => ({
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code },
  });

  test.each<Row>([
    [
      'a missing role',
      403,
      status(
        403,
        'Forbidden',
        `secrets "contoso-pull" is forbidden: User "${oid}" cannot patch resource "secrets" in API group "" in the namespace "coder": User does not have access to the resource in Azure. Update role assignment to allow access.`,
      ),
      'delivery-refused',
      /may not read or write the Secret contoso-pull in coder.*403, Forbidden, secrets "contoso-pull"/,
      new RegExp(
        `az role assignment create --role 'Azure Kubernetes Service RBAC Writer' --assignee-object-id ${oid} .*"\\$AKS_ID/namespaces/coder"\n.*setup guide`,
      ),
    ],
    [
      'a cluster without Entra',
      401,
      status(401, 'Unauthorized', 'Unauthorized'),
      'delivery-refused',
      /takes no Entra token/,
      /az aks update .*--enable-aad --enable-azure-rbac/,
    ],
    [
      'no such namespace',
      404,
      status(404, 'NotFound', 'namespaces "coder" not found'),
      'delivery-refused',
      /has no namespace coder/,
      /kubectl create namespace coder/,
    ],
    [
      'a Secret of another type',
      422,
      status(422, 'Invalid', 'Secret "contoso-pull" is invalid: type: Invalid value: field is immutable'),
      'delivery-refused',
      /field is immutable/,
      /kubectl delete secret contoso-pull --namespace coder/,
    ],
    ['another server', 405, '<html>Not Allowed</html>', 'delivery-refused', /405, Not Allowed/, /server/],
    [
      'an update that is under way',
      409,
      status(409, 'Conflict', 'the object has been modified'),
      'cluster-unavailable',
      /been modified/,
      /cluster runs/,
      'passes',
    ],
    [
      'too many calls',
      429,
      status(429, 'TooManyRequests', 'later'),
      'cluster-unavailable',
      /later/,
      /Check/,
      'passes',
    ],
    ['an empty answer of a proxy', 503, '', 'cluster-unavailable', /503/, /network reaches name/, 'passes'],
  ])('%s', (...row) => {
    expectRefusal(explainAks(said(row[1], row[2]), call), row);
  });

  test('a certificate of an authority of its own', () => {
    const text = 'unable to verify the first certificate';
    const refusal = explainAks({ status: undefined, codes: ['UNABLE_TO_VERIFY_LEAF_SIGNATURE'], text }, call);

    expect(refusal).toMatchObject({ reason: 'delivery-refused', retryable: false });
    expect(refusal.remedy).toMatch(/certificateAuthority.*kubectl config view/);
  });
});

describe('Entra', () => {
  test.each([
    [
      'AADSTS700024: Client assertion is not within its valid time range. Current time: 2026-01-01T12:00:00Z',
      'assertion-expired',
      /Restart the app/,
    ],
    [
      'AADSTS700016: Application with identifier x was not found in the directory',
      'identity-unknown',
      /az ad sp show/,
    ],
    [
      "AADSTS700211: No matching federated identity record found for presented assertion issuer 'x'",
      'federated-credential-missing',
      /issuer/,
    ],
    [
      'AADSTS700213: No matching federated identity record found for presented assertion subject',
      'federated-credential-missing',
      /subject/,
    ],
    ['AADSTS90002: Tenant x not found.', 'tenant-unknown', /AZURE_TENANT_ID/],
    [
      'AADSTS53003: Access has been blocked by Conditional Access policies.',
      'conditional-access',
      /Conditional|exclude/,
    ],
    ['AADSTS7000112: Application is disabled.', 'identity-unknown', /accountEnabled/],
  ])('%s', (text, reason, remedy) => {
    expect(explainEntra(text, 'client-1')).toMatchObject({
      reason,
      message: expect.stringContaining(text),
      remedy: expect.stringMatching(remedy),
      retryable: false,
    });
  });

  test('is told from the service that a token was for', () => {
    const error = Object.assign(
      new Error('AADSTS700024: Client assertion is not within its valid time range.'),
      {
        name: 'AuthenticationError',
        statusCode: 401,
      },
    );

    expect(entraRefusal(error)).toMatchObject({ reason: 'token-refused', retryable: false });
    expect(entraRefusal(Object.assign(new Error('no'), { statusCode: 401 }))).toBeUndefined();
  });
});

test('a message keeps what a service said, up to a bound', () => {
  const { message } = explainGraph(said(500, 'x'.repeat(10_000)), { appId: 'a', url: 'https://g' });

  expect(message.length).toBeLessThan(700);
  expect(message).toMatch(/x{499}…$/);
});
