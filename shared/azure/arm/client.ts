import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import type { TokenCredential } from '@azure/identity';
import { jsonAnswersOrNone } from '../sdk/json-answers.ts';
import { ARM_TIMEOUT_MS, LARGEST_ARM_ANSWER, limitAnswers, limitTime } from '../sdk/limits.ts';
import { onlyTo } from '../sdk/only-to.ts';
import { retryOptions } from '../sdk/retries.ts';

/** Gives the official client for the registries of a subscription. */
export type ClientOf = (subscriptionId: string) => ContainerRegistryManagementClient;

/** @param url address of Azure Resource Manager in this cloud; its tokens have `audience` */
export function createClientOf(credential: TokenCredential, url: string, audience: string): ClientOf {
  return subscriptionId =>
    new ContainerRegistryManagementClient(credential, subscriptionId, {
      endpoint: url,
      credentials: { scopes: [`${audience}/.default`] },
      retryOptions,
      additionalPolicies: [
        ...[limitTime(ARM_TIMEOUT_MS), jsonAnswersOrNone, limitAnswers(LARGEST_ARM_ANSWER), onlyTo(url)],
      ],
    });
}
