import { type EventGridEvent, type EventSchema, encodeEvent } from './events.ts';
import type { GiveUpReason, Outcome } from './retry-policy.ts';

export interface Subscription {
  /** The webhook, with its key. */
  endpoint: string;
  schema: EventSchema;
  maxAttempts: number;
  ttlMinutes: number;
  /** Whether events that cannot be delivered are kept, or dropped. */
  deadLetter: boolean;
}

/** How one event fares with one subscription. */
export interface Delivery {
  event: EventGridEvent;
  /** The webhook without its query, which holds the key. */
  endpoint: string;
  state: 'pending' | 'delivered' | 'dead-lettered' | 'dropped';
  attempts: number;
  lastStatus?: Outcome;
  /** Set while it waits for an attempt. */
  nextAttemptAt?: string;
  /** Why it was given up. */
  reason?: GiveUpReason;
}

/** Makes one attempt. It waits for as long as the subscriber takes; never throws. */
export async function post(
  event: EventGridEvent,
  subscription: Subscription,
  attempt: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const { contentType, body } = encodeEvent(event, subscription.schema);
  const headers = {
    'content-type': contentType,
    'aeg-event-type': 'Notification',
    'aeg-delivery-count': String(attempt - 1),
  };
  const request = { method: 'POST', headers, body, redirect: 'manual', signal } as const;
  try {
    const response = await fetch(subscription.endpoint, request);
    await response.body?.cancel();
    return response.status;
  } catch {
    return 'no-answer';
  }
}
