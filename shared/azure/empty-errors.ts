import type { SecretClientOptions } from '@azure/keyvault-secrets';

type AdditionalPolicy = NonNullable<SecretClientOptions['additionalPolicies']>[number];

/**
 * Proxies and firewalls refuse without a body, over which the SDKs stumble in place of telling the status. To be added
 * to clients of services that speak JSON.
 */
export const nameEmptyErrors: AdditionalPolicy = {
  position: 'perRetry',
  policy: {
    name: 'name-empty-errors',
    async sendRequest(request, next) {
      const response = await next(request);
      if (response.status >= 400 && !response.bodyAsText?.trim()) {
        const error = { code: String(response.status), message: `${response.status} without a word` };
        response.bodyAsText = JSON.stringify({ error });
      }
      return response;
    },
  },
};
