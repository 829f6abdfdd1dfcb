import { describe } from '../../errors.ts';
import type { Refusal } from './refusal.ts';

interface Trouble {
  sign: RegExp;
  reason: string;
  meaning: string;
  remedy: string;
  retryable?: boolean;
}

/**
 * What IMDS, App Service and Entra answer in place of a token. The first entry whose text matches applies.
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const TROUBLES: readonly Trouble[] = [
  {
    // IMDS sends the first text, App Service and Functions the second.
    sign: /identity not found|no user assigned or delegated managed identity found/i,
    reason: 'identity-not-found',
    meaning: 'The app does not have the identity that it asks for',
    remedy:
      'Compare AZURE_CLIENT_ID with what the app has: az functionapp identity show --ids APP_ID\nAssign the identity if it is missing: az functionapp identity assign --ids APP_ID --identities IDENTITY_ID\nAn identity that was deleted and created again has another client id, even under the same name. After a new assignment, wait a minute and restart the app.',
  },
  {
    sign: /no azure identity found for request/i,
    reason: 'identity-not-bound',
    meaning: 'AAD Pod Identity has no identity for this pod',
    remedy:
      'Label the pod with the selector of its AzureIdentityBinding, or better move to Workload Identity: AAD Pod Identity is no longer maintained.',
  },
  {
    sign: /AADSTS700024\b/,
    reason: 'assertion-expired',
    meaning: 'The token of the service account that the app gave Entra has ended, or the clocks differ',
    remedy:
      'Restart the app, which then reads the present token from AZURE_FEDERATED_TOKEN_FILE. If it stays, compare the time in the message with the clock where the app runs: date -u',
  },
  {
    sign: /AADSTS(?:700211|700213|70021)\b/,
    reason: 'federated-credential-missing',
    meaning: 'No federated credential of the identity matches the token of the service account',
    remedy:
      'Compare issuer, with the slash at its end, subject (system:serviceaccount:NAMESPACE:NAME) and audience (api://AzureADTokenExchange): az identity federated-credential list --identity-name NAME --resource-group GROUP',
  },
  {
    sign: /AADSTS700212\b/,
    reason: 'federated-audience-wrong',
    meaning: 'The token of the service account is for another audience than the federated credential takes',
    remedy:
      'Make the audience api://AzureADTokenExchange on both sides; api://AKSIdentityBinding belongs to identity bindings.',
  },
  {
    sign: /AADSTS(?:7000215|7000222)\b/,
    reason: 'client-secret-refused',
    meaning: 'Entra does not accept the client secret of the app registration: it is wrong or expired',
    remedy:
      'Unset AZURE_TOKEN_CREDENTIALS, so that the app uses its managed identity, which has no secret; or give it a new secret.',
  },
  {
    sign: /AADSTS(?:700016|7000112|7000113)\b/,
    reason: 'identity-unknown',
    meaning: 'Entra does not know the identity in this tenant, or it is switched off',
    remedy:
      'Compare AZURE_CLIENT_ID and AZURE_TENANT_ID with: az ad sp show --id CLIENT_ID --query "[accountEnabled, appOwnerOrganizationId]"',
  },
  {
    sign: /AADSTS(?:90002|900023|50020)\b/,
    reason: 'tenant-unknown',
    meaning: 'Entra does not know the tenant, or the identity does not belong to it',
    remedy: 'Compare AZURE_TENANT_ID with: az account show --query tenantId',
  },
  {
    sign: /AADSTS(?:53003|53000|50076|50079)\b/,
    reason: 'conditional-access',
    meaning: 'A Conditional Access policy of the tenant blocks the identity',
    remedy:
      'Have an administrator exclude the identity from the policy; the sign-in logs of Entra name it, under workload identities.',
  },
  {
    sign: /AADSTS500011\b|invalid_resource/i,
    reason: 'audience-unknown',
    meaning: 'Entra does not know the audience of the requested token',
    remedy: 'Set ARM_AUDIENCE, GRAPH_AUDIENCE and ACR_AUDIENCE to those of your cloud, without a path.',
  },
  {
    sign: /too many requests|\b429\b/i,
    reason: 'identity-throttled',
    retryable: true,
    meaning: 'The identity service asked the bridge to slow down',
    remedy: 'Wait a minute, then run the checks again.',
  },
  {
    sign: /AADSTS9003[03]\b|\b(?:410|50\d)\b|temporarily|internal server error/i,
    reason: 'identity-service-down',
    retryable: true,
    meaning: 'The identity service failed',
    remedy:
      'Wait some minutes, then run the checks again. If it stays, restart the app and see Azure Status.',
  },
  {
    sign: /az login|Azure CLI/i,
    reason: 'not-signed-in',
    meaning: 'AZURE_TOKEN_CREDENTIALS selects the Azure CLI, but the CLI is not signed in',
    remedy: 'Run: az login',
  },
  {
    sign: /not available|unreachable|ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EHOSTUNREACH|network/i,
    reason: 'identity-service-unreachable',
    retryable: true,
    meaning: 'There is no identity service where the app runs',
    remedy:
      'Give the app a managed identity: az functionapp identity assign --ids APP_ID --identities IDENTITY_ID\nOn a laptop, set AZURE_TOKEN_CREDENTIALS to AzureCliCredential and run az login.',
  },
];

const UNKNOWN: Omit<Trouble, 'sign'> = {
  reason: 'token-refused',
  meaning: 'Entra gives no token',
  remedy: 'Look up the message at https://aka.ms/azsdk/js/identity/troubleshoot.',
};

/**
 * @param said the message of the credential's error
 * @param clientId of the identity that was asked for; undefined for the system-assigned one
 */
export function explainEntra(said: string, clientId: string | undefined): Refusal<string> {
  const asked = clientId ? ` (client id ${clientId})` : '';
  const {
    reason,
    meaning,
    remedy,
    retryable = false,
  } = TROUBLES.find(({ sign }) => sign.test(said)) ?? UNKNOWN;
  return { reason, message: `${meaning}${asked}. It said: ${said}`, remedy, retryable };
}

/** The errors of @azure/identity; a client of a service throws them as they are. */
const NAMES: ReadonlySet<string> = new Set([
  'AuthenticationError',
  'AggregateAuthenticationError',
  'AuthenticationRequiredError',
  'CredentialUnavailableError',
]);

/** The refusal when a call to a service failed because there was no token for it; undefined otherwise. */
export function entraRefusal(error: unknown): Refusal<'token-refused'> | undefined {
  if (!(error instanceof Error) || !NAMES.has(error.name)) return undefined;
  return { ...explainEntra(describe(error), undefined), reason: 'token-refused' };
}
