import type { EventSubscription, EventSubscriptions } from '../azure/arm/event-subscriptions.ts';
import { partsOf } from '../azure/arm/resource-id.ts';
import { ServiceError } from '../errors.ts';
import { createSubscription } from '../guide/event-subscription.ts';
import { EVENT_TYPES } from '../images/event.ts';
import { type Check, fine, unclear, type Verdict, wrong } from '../lib/check.ts';
import { once } from '../lib/once.ts';
import type { Heard, Images } from '../records/image-table.ts';
import type { Diagnosis } from './diagnosis.ts';

/** How long an event may take: a reconciliation may find the push first. */
const GRACE_MS = 60 * 60_000;

export interface EventCheckServices {
  eventSubscriptions: EventSubscriptions;
  images: Images;
}

export function eventChecks({ eventSubscriptions, images }: EventCheckServices): Check<Diagnosis>[] {
  const heard = once((registry: string) => images.heard(registry));
  return [
    {
      name: 'event-subscription',
      truth: 'Event Grid sends the pushes and deletes of the registry to the bridge.',
      needs: ['azure-resource'],
      async run({ registry: { name, resourceId }, signal }) {
        try {
          const found = await eventSubscriptions.find(resourceId, signal);
          return judgeSubscriptions(found, await heard(name), { name, resourceId });
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          return unclear(error.message);
        }
      },
    },
    {
      name: 'events-arriving',
      truth: 'Pushes reach the bridge as events, and not only through reconciliations.',
      needs: ['event-subscription'],
      run: async ({ registry: { name, resourceId } }) => judgeArrival(await heard(name), resourceId),
    },
  ];
}

/** Whether a subscription sends all events that the bridge needs. */
function judgeSubscriptions(
  found: readonly EventSubscription[],
  heard: Heard,
  registry: { name: string; resourceId: string },
): Verdict {
  const create = `See "Send its pushes to the bridge" in GET /api/registries/${registry.name}/setup?format=markdown, or run: ${createSubscription(registry.resourceId).join(' ')}`;
  const ours = found.filter(isOurs);
  if (ours.length === 0) {
    if (heard.byEvent) {
      // A subscription on a system topic is visible only with the right to read that topic.
      return fine(
        `No subscription is visible, but an event about a push came on ${heard.byEvent.toISOString()}.`,
      );
    }
    const others = found.map(({ name, destination }) => `${name} (to ${destination ?? 'elsewhere'})`);
    const message = `No event subscription of the registry ends at the function registry-event${others.length > 0 ? `, only ${others.join(', ')}` : ''}.`;
    return wrong('no-subscription', message, create);
  }
  const ready = ours.filter(({ state }) => state === 'Succeeded');
  const [first] = ready.length > 0 ? ready : ours;
  const { name, state, eventTypes } = first as EventSubscription;
  if (state !== 'Succeeded') {
    const message = `The event subscription ${name} is ${state}.`;
    return wrong('subscription-not-ready', message, `Delete it and create it again. ${create}`);
  }
  const sent = ready.flatMap(subscription => subscription.eventTypes ?? EVENT_TYPES);
  const missing = EVENT_TYPES.filter(type => !sent.includes(type));
  if (missing.length > 0) {
    const message = `The event subscription ${name} leaves out ${missing.join(' and ')}.`;
    const remedy = `Run: ${updateCommand(first as EventSubscription, registry.resourceId)} --included-event-types ${EVENT_TYPES.join(' ')}`;
    return wrong('event-types-missing', message, remedy);
  }
  return fine(`The event subscription ${name} sends ${(eventTypes ?? ['every event']).join(' and ')}.`);
}

/** Whether the newest pushes reached the bridge as events. */
function judgeArrival({ byEvent, byReconciliation }: Heard, resourceId: string): Verdict {
  if (!byEvent && !byReconciliation) return fine('There was no push yet.');
  const last = byEvent ? `the last one was about a push on ${byEvent.toISOString()}` : 'none ever came';
  const found = byReconciliation?.getTime() ?? 0;
  // Images older than the subscription prove nothing: events can only have stopped if some came.
  if (!byEvent || found <= byEvent.getTime() + GRACE_MS) return fine(`Events: ${last}.`);
  const message = `Events: ${last}, but a reconciliation found a push of ${byReconciliation?.toISOString()}.`;
  const { registryName } = partsOf({ resourceId });
  const remedy = `See what Event Grid could not deliver: az monitor metrics list --resource SYSTEM_TOPIC_ID --metric DeliveryAttemptFailCount DeadLetteredCount DroppedEventCount (az eventgrid system-topic list --query "[?contains(source,'${registryName}')].id")`;
  return wrong('events-stopped', message, remedy);
}

function updateCommand({ name, systemTopicId }: EventSubscription, resourceId: string): string {
  if (!systemTopicId) {
    return `az eventgrid event-subscription update --name ${name} --source-resource-id ${resourceId}`;
  }
  const [, , subscription, , group] = systemTopicId.split('/');
  const topic = systemTopicId.split('/').at(-1);
  return `az eventgrid system-topic event-subscription update --name ${name} --system-topic-name ${topic} --resource-group ${group} --subscription ${subscription}`;
}

function isOurs({ destination }: EventSubscription): boolean {
  return /\/functions\/registry-event$|\/runtime\/webhooks\/eventgrid/i.test(destination ?? '');
}
