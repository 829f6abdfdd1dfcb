import type { TokenCredential } from '@azure/identity';
import ky from 'ky';
import * as z from 'zod';
import { parseRegistryId } from '../arm-id.ts';
import { describe, ServiceError } from '../errors.ts';

/** Where Event Grid sends events of a registry. */
export interface EventSubscription {
  name: string;
  /** `Succeeded` when it works. */
  state: string;
  /** Resource id of a function, or the address of a webhook without its query. */
  destination?: string;
  /** Absent: all. */
  eventTypes?: string[];
}

export interface EventSubscriptions {
  /**
   * Those of a registry that our identity may read: made on the registry itself, or on its system topic.
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
 * @param url of Azure Resource Manager in this cloud, whose tokens have `audience`
 */
export function createEventSubscriptions(
  credential: TokenCredential,
  url: string,
  audience: string,
): EventSubscriptions {
  async function* list<T>(schema: z.ZodType<T>, path: string, signal: AbortSignal): AsyncIterable<T> {
    const token = await credential.getToken(`${audience}/.default`, { abortSignal: signal });
    const headers = { authorization: `Bearer ${token?.token}` };
    const Page = z.object({ value: z.array(schema), nextLink: z.string().nullish() });
    let page: string | null | undefined = `${url}${path}?api-version=${API_VERSION}`;
    // A next page elsewhere would carry our token away.
    while (page?.startsWith(`${url}/`)) {
      const answer: unknown = await ky.get(page, { headers, redirect: 'error', signal }).json();
      const { value, nextLink } = Page.parse(answer);
      yield* value;
      page = nextLink;
    }
  }

  async function* onSystemTopics(resourceId: string, signal: AbortSignal) {
    const subscriptionId = parseRegistryId(resourceId)?.subscriptionId;
    const path = `/subscriptions/${subscriptionId}/providers/Microsoft.EventGrid/systemTopics`;
    for await (const { id, properties } of list(SystemTopic, path, signal)) {
      if (properties.source?.toLowerCase() !== resourceId.toLowerCase()) continue;
      yield* list(Subscription, `${id}/eventSubscriptions`, signal);
    }
  }

  return {
    async find(resourceId, signal) {
      const path = `${resourceId}/providers/Microsoft.EventGrid/eventSubscriptions`;
      try {
        const found = new Map<string, EventSubscription>();
        for await (const item of list(Subscription, path, signal)) found.set(item.name, toSubscription(item));
        for await (const item of onSystemTopics(resourceId, signal))
          found.set(item.name, toSubscription(item));
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
