import { test } from 'vitest';
import { explainKeyVault } from '../../../../shared/azure/refusals/key-vault.ts';
import { expectRefusal, type Row, said } from './rows.ts';

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
