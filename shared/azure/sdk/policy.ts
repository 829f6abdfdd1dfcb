import type { SecretClientOptions } from '@azure/keyvault-secrets';

/** What the clients of the Azure SDK take to do before or after each request. */
export type AdditionalPolicy = NonNullable<SecretClientOptions['additionalPolicies']>[number];

/** For each request that leaves: after all that redirects, repeats or signs. */
export function perRequest(
  name: string,
  sendRequest: AdditionalPolicy['policy']['sendRequest'],
): AdditionalPolicy {
  return { position: 'perRetry', policy: { name, sendRequest } };
}
