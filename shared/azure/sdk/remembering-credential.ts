import type { TokenCredential } from '@azure/identity';
import { remember } from '../../lib/redaction/redact.ts';

/** What the SDK itself reads and sends to the identity service. */
const SECRETS_OF_SDK = [
  'IDENTITY_HEADER',
  'MSI_SECRET',
  'AZURE_CLIENT_SECRET',
  'AZURE_CLIENT_CERTIFICATE_PASSWORD',
  'AZURE_PASSWORD',
];

/** The credential, whose tokens no message quotes, nor the secrets that it uses itself. */
export function rememberTokens(
  credential: TokenCredential,
  environment: Readonly<Record<string, string | undefined>>,
): TokenCredential {
  for (const name of SECRETS_OF_SDK) remember(environment[name]);
  return {
    async getToken(scopes, options) {
      const token = await credential.getToken(scopes, options);
      remember(token?.token);
      return token;
    },
  };
}
