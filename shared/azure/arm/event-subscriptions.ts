import type { TokenCredential } from '@azure/identity';
import * as z from 'zod';
import { describe, ServiceError } from '../../errors.ts';
import { createArmList } from './list.ts';
import { partsOf } from './resource-id.ts';

/** Where Event Grid sends events of a registry. */
export interface EventSubscription {
  name: string;
  /** `Succeeded` when it works. */
  state: string;
  /** Resource id of a function, or URL of a webhook without its query. */
  destination?: string;
  /** Absent when it sends all types. */
  eventTypes?: string[];
  /** Resource id of its system topic; absent when it was created on the registry itself. */
  systemTopicId?: string;
}

export interface EventSubscriptions {
  /**
   * The subscriptions of a registry that the bridge's identity may read: on the registry itself, or on its system topic.
   * @throws ServiceError `registry-unavailable` when Azure does not show them
   */
  find(resourceId: string, signal: AbortSignal): Promise<EventSubscription[]>;
}

const API_VERSION = '2022-06-15';

const Subscription = z.object({
  name: z.string(),
  properties: z.object({
    provisioningState: z.string().default('Succeeded'),
    destination: z
      .object({
        properties: z
          .object({ resourceId: z.string().optional(), endpointBaseUrl: z.string().optional() })
          .optional(),
      })
      .nullish(),
    filter: z.object({ includedEventTypes: z.array(z.string()).nullish() }).nullish(),
  }),
});
const SystemTopic = z.object({ id: z.string(), properties: z.object({ source: z.string().nullish() }) });

/**
 * https://learn.microsoft.com/rest/api/eventgrid/controlplane/event-subscriptions/list-by-resource and
 * …/system-topic-event-subscriptions/list-by-system-topic
 * @param url address of Azure Resource Manager in this cloud; its tokens have `audience`
 */
export function createEventSubscriptions(
  credential: TokenCredential,
  url: string,
  audience: string,
): EventSubscriptions {
  const list = createArmList(credential, url, audience);

  async function* onSystemTopics(resourceId: string, signal: AbortSignal) {
    const { subscriptionId } = partsOf({ resourceId });
    const path = `/subscriptions/${subscriptionId}/providers/Microsoft.EventGrid/systemTopics`;
    for await (const { id, properties } of list(SystemTopic, path, API_VERSION, signal)) {
      if (properties.source?.toLowerCase() !== resourceId.toLowerCase()) continue;
      for await (const item of list(Subscription, `${id}/eventSubscriptions`, API_VERSION, signal))
        yield { ...toSubscription(item), systemTopicId: id };
    }
  }

  return {
    async find(resourceId, signal) {
      const path = `${resourceId}/providers/Microsoft.EventGrid/eventSubscriptions`;
      try {
        const found = new Map<string, EventSubscription>();
        for await (const item of list(Subscription, path, API_VERSION, signal))
          found.set(item.name, toSubscription(item));
        for await (const item of onSystemTopics(resourceId, signal)) found.set(item.name, item);
        return [...found.values()];
      } catch (error) {
        const message = `Azure does not show the event subscriptions: ${describe(error)}`;
        throw new ServiceError('registry-unavailable', message, { cause: error });
      }
    },
  };
}

function toSubscription({ name, properties }: z.infer<typeof Subscription>): EventSubscription {
  const { provisioningState, destination, filter } = properties;
  const target = destination?.properties?.resourceId ?? destination?.properties?.endpointBaseUrl;
  return {
    ...{ name, state: provisioningState },
    ...(target && { destination: target }),
    ...(filter?.includedEventTypes && { eventTypes: filter.includedEventTypes }),
  };
}
