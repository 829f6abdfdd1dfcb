import type { Route } from '../../stand-in.ts';
import type { StandInResponse } from '../../stand-in-messages.ts';
import { ACTIONS } from './actions.ts';
import { notAuthorized } from './errors.ts';
import { authenticate, type OperationContext } from './operation.ts';
import { REGISTRY_ID } from './registries.ts';

/** Where Event Grid sends events of a registry, as Azure Resource Manager shows it. */
export interface ArmEventSubscription {
  name: string;
  /** Resource id of the registry. */
  source: string;
  /** Resource id of the function or other destination. */
  destination: string;
  /** Made on the system topic with this name, rather than on the registry itself. */
  systemTopic?: string;
  provisioningState?: 'Succeeded' | 'Failed' | 'AwaitingManualAction';
  includedEventTypes?: string[];
}

const TOPICS = '/providers/Microsoft\\.EventGrid/systemTopics';
const LIST = '/eventSubscriptions';

/** One on a registry shows there alone, and one on its system topic only there. */
export function eventSubscriptionRoutes(
  subscriptions: readonly ArmEventSubscription[],
  context: OperationContext,
): Route[] {
  const isOf = (source: string) => (subscription: ArmEventSubscription) =>
    subscription.source.toLowerCase() === source.toLowerCase();
  return [
    route(`${REGISTRY_ID}/providers/Microsoft\\.EventGrid${LIST}`, context, ([id = '']) =>
      subscriptions
        .filter(isOf(id))
        .filter(({ systemTopic }) => !systemTopic)
        .map(body),
    ),
    route(`/subscriptions/([^/]+)${TOPICS}`, context, ([azureSubscription = '']) =>
      subscriptions
        .filter(({ systemTopic, source }) => systemTopic && source.split('/')[2] === azureSubscription)
        .map(topicBody),
    ),
    route(`/subscriptions/[^/]+/resourceGroups/[^/]+${TOPICS}/([^/]+)${LIST}`, context, ([topic = '']) =>
      subscriptions.filter(({ systemTopic }) => systemTopic === topic).map(body),
    ),
  ];
}

function route(
  path: string,
  { allowed, verifyEntraToken }: OperationContext,
  list: (params: string[]) => object[],
): Route {
  return {
    method: 'GET',
    path: new RegExp(`^${path}$`, 'i'),
    async handle(request): Promise<StandInResponse> {
      const caller = await authenticate(request, verifyEntraToken);
      if (typeof caller !== 'string') return caller;
      const action = ACTIONS.readEventSubscriptions;
      if (!allowed[caller]?.includes(action)) return notAuthorized(caller, action, request.url.pathname);
      return { status: 200, body: { value: list(request.params) } };
    },
  };
}

/** `EventSubscription` of the REST API, version 2022-06-15, as far as clients look at it. */
function body(subscription: ArmEventSubscription): object {
  const { name, source, destination, provisioningState = 'Succeeded', includedEventTypes } = subscription;
  const scope = subscription.systemTopic ? topicIdOf(subscription) : source;
  return {
    id: `${scope}/providers/Microsoft.EventGrid/eventSubscriptions/${name}`,
    name,
    type: 'Microsoft.EventGrid/eventSubscriptions',
    properties: {
      topic: source,
      provisioningState,
      destination: { endpointType: 'AzureFunction', properties: { resourceId: destination } },
      filter: { includedEventTypes: includedEventTypes ?? null },
    },
  };
}

function topicBody(subscription: ArmEventSubscription): object {
  return {
    id: topicIdOf(subscription),
    name: subscription.systemTopic,
    properties: { source: subscription.source, topicType: 'microsoft.containerregistry.registries' },
  };
}

function topicIdOf({ source, systemTopic }: ArmEventSubscription): string {
  const [, , subscription, , group] = source.split('/');
  return `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.EventGrid/systemTopics/${systemTopic}`;
}
