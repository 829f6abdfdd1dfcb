import { roleAssignment } from '../az-commands.ts';
import { addressIn, callerIn, explain, PRIVATE_ENDPOINT, type Refusal, type Row } from './refusal.ts';
import type { Said } from './said.ts';

export type KeyVaultReason =
  | 'network-denied'
  | 'disallowed-by-policy'
  | 'secrets-forbidden'
  | 'secrets-unavailable';

/** What Key Vault was asked. */
export interface KeyVaultCall {
  /** Name of the vault. */
  vault: string;
  secret: string;
}

const ROLE = 'Key Vault Secrets Officer';
const idOf = (vault: string) => `"$(az keyvault show --name ${vault} --query id --output tsv)"`;

/** https://learn.microsoft.com/azure/key-vault/general/rest-error-codes */
const ROWS: readonly Row<KeyVaultReason, KeyVaultCall>[] = [
  {
    code: /^SecretDisabled$/,
    reason: 'secrets-forbidden',
    meaning: ({ secret }) => `The secret ${secret} is disabled`,
    remedy: ({ vault, secret }) =>
      `If that is a mistake, run: az keyvault secret set-attributes --vault-name ${vault} --name ${secret} --enabled true`,
  },
  {
    status: [403],
    code: /^ForbiddenByConnection$/,
    reason: 'network-denied',
    meaning: ({ vault }) => `The vault ${vault} takes no calls from public networks`,
    remedy: ({ vault }) =>
      `Either ${PRIVATE_ENDPOINT}, or allow public networks: az keyvault update --name ${vault} --public-network-access Enabled`,
  },
  {
    status: [403],
    says: /public network access is disabled/i,
    reason: 'network-denied',
    meaning: ({ vault }) => `The vault ${vault} takes no calls from public networks`,
    remedy: ({ vault }) =>
      `Either ${PRIVATE_ENDPOINT}, or allow public networks: az keyvault update --name ${vault} --public-network-access Enabled`,
  },
  {
    status: [403],
    says: /client address|trusted service/i,
    reason: 'network-denied',
    meaning: ({ vault }) => `The network rules of the vault ${vault} keep the bridge out`,
    remedy: ({ vault }, said) =>
      `Let the app in: az keyvault network-rule add --name ${vault} --ip-address ${addressIn(said) ?? 'ADDRESS'}\nIf the app has no address of its own, ${PRIVATE_ENDPOINT}.`,
  },
  {
    // A vault with access policies in place of roles.
    status: [403],
    says: /does not have secrets \w+ permission/i,
    reason: 'secrets-forbidden',
    meaning: ({ vault }) =>
      `The access policies of the vault ${vault} do not let the bridge's identity do this`,
    remedy: ({ vault }, said) =>
      `Run: az keyvault set-policy --name ${vault} --object-id ${callerIn(said)} --secret-permissions get list set delete recover`,
  },
  {
    // https://learn.microsoft.com/azure/key-vault/general/azure-policy: such as "Secrets should have an end".
    status: [400, 403],
    says: /\bpolic(?:y|ies)\b/i,
    reason: 'disallowed-by-policy',
    meaning: ({ vault, secret }) =>
      `A policy of the vault ${vault} forbids to store the secret ${secret} as it is`,
    remedy: ({ vault }) =>
      `Give the credential an end that the policy takes, and PUT the registry: credential.expiresOn for static, a smaller credential.rotateEveryHours for the kinds token and service-principal, whose secrets live three times that long. An admin password has no end. See the policy: az policy assignment list --scope ${idOf(vault)} --disable-scope-strict-match`,
  },
  {
    status: [401],
    reason: 'secrets-forbidden',
    meaning: ({ vault }) => `The vault ${vault} does not take the token of the bridge's identity`,
    remedy: ({ vault }) =>
      `Vault and identity must be in one tenant: az keyvault show --name ${vault} --query properties.tenantId`,
  },
  {
    status: [403],
    reason: 'secrets-forbidden',
    meaning: ({ vault }) => `The vault ${vault} does not let the bridge's identity do this`,
    remedy: ({ vault }, said) =>
      `Run: ${roleAssignment(ROLE, callerIn(said), idOf(vault)).join(' ')}\nIf the role is assigned, check the network rules of the vault: az keyvault network-rule list --name ${vault}`,
  },
  {
    status: [404],
    reason: 'secrets-unavailable',
    meaning: ({ vault, secret }) =>
      `The vault ${vault} does not have the secret ${secret}, or not that version of it`,
    remedy: ({ vault, secret }) =>
      `If it was deleted, run: az keyvault secret recover --vault-name ${vault} --name ${secret}\nOtherwise PUT the registry with a password, or rotate.`,
  },
  {
    status: [409],
    code: /^ObjectIs/,
    reason: 'secrets-unavailable',
    retryable: true,
    meaning: ({ secret }) => `The secret ${secret} is still being deleted or recovered`,
    remedy: () => 'Try again in a minute: Key Vault needs some time for that.',
  },
  {
    reason: 'secrets-unavailable',
    retryable: true,
    meaning: ({ vault }) => `The vault ${vault} is busy, failed, or cannot be reached from the app`,
    remedy: () => "Wait. If it stays, check KEY_VAULT_URL, and that the app's network reaches the vault.",
  },
];

export function explainKeyVault(said: Said, call: KeyVaultCall): Refusal<KeyVaultReason> {
  return explain(ROWS, 'Key Vault', said, call);
}
