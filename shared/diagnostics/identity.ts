import type { TokenCredential } from '@azure/identity';
import * as z from 'zod';
import { describe } from '../errors.ts';
import { type Check, fine, type Verdict, wrong } from '../lib/check.ts';
import { claimsOf } from '../lib/jwt.ts';
import type { Diagnosis } from './diagnosis.ts';

export interface IdentityCheckServices {
  credential: TokenCredential;
  settings: { ARM_AUDIENCE: string; AZURE_CLIENT_ID?: string | undefined };
}

export function identityCheck({ credential, settings }: IdentityCheckServices): Check<Diagnosis> {
  return {
    name: 'managed-identity',
    truth: 'The bridge gets a token of its managed identity.',
    needs: [],
    async run({ principalId }) {
      try {
        const token = await credential.getToken(`${settings.ARM_AUDIENCE}/.default`);
        const until = new Date(token?.expiresOnTimestamp ?? 0).toISOString();
        return fine(
          `There is a token of the identity with the object id ${principalId}, valid until ${until}.`,
        );
      } catch (error) {
        return explainIdentity(describe(error), settings.AZURE_CLIENT_ID);
      }
    },
  };
}

/** What IMDS, App Service and Entra answer in place of a token. The first entry whose text matches applies. */
const TROUBLES: readonly { sign: RegExp; reason: string; meaning: string; remedy: string }[] = [
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
    sign: /AADSTS70021\b/,
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
    sign: /AADSTS500011\b|invalid_resource/i,
    reason: 'audience-unknown',
    meaning: 'Entra does not know the audience of the requested token',
    remedy: 'Set ARM_AUDIENCE, GRAPH_AUDIENCE and ACR_AUDIENCE to those of your cloud, without a path.',
  },
  {
    sign: /too many requests|\b429\b/i,
    reason: 'identity-throttled',
    meaning: 'The identity service asked the bridge to slow down',
    remedy: 'Wait a minute, then run the checks again.',
  },
  {
    sign: /\b(?:410|50\d)\b|temporarily|internal server error/i,
    reason: 'identity-service-down',
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
    meaning: 'There is no identity service where the app runs',
    remedy:
      'Give the app a managed identity: az functionapp identity assign --ids APP_ID --identities IDENTITY_ID\nOn a laptop, set AZURE_TOKEN_CREDENTIALS to AzureCliCredential and run az login.',
  },
];

/** @param said the message of the credential's error */
export function explainIdentity(said: string, clientId: string | undefined): Verdict {
  const asked = clientId ? ` (client id ${clientId})` : ' (the system-assigned one)';
  const trouble = TROUBLES.find(({ sign }) => sign.test(said));
  if (!trouble) {
    const remedy = 'Look up the message at https://aka.ms/azsdk/js/identity/troubleshoot.';
    return wrong('token-refused', `Entra gives no token${asked}: ${said}`, remedy);
  }
  return wrong(trouble.reason, `${trouble.meaning}${asked}. It said: ${said}`, trouble.remedy);
}

const Claims = z.object({ oid: z.string() });

/** The object id in the identity's own token; undefined when there is none. */
export async function readPrincipalId(
  credential: TokenCredential,
  audience: string,
): Promise<string | undefined> {
  try {
    const token = await credential.getToken(`${audience}/.default`);
    return Claims.parse(claimsOf(token?.token ?? '')).oid;
  } catch {
    return undefined;
  }
}
