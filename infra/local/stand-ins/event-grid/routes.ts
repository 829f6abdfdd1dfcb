import * as z from 'zod';
import type { MovableClock } from '../../clock.ts';
import type { Route } from '../../stand-in.ts';
import type { StandInRequest, StandInResponse } from '../../stand-in-messages.ts';
import type { Delivery } from './delivery.ts';
import type { Dispatcher } from './dispatcher.ts';
import { EventGridEvent } from './events.ts';

const Events = z.union([z.array(EventGridEvent), EventGridEvent.transform(event => [event])]);
const Clock = z.strictObject({ advanceMs: z.int().min(0) });
const Mode = z.strictObject({
  duplicates: z.int().min(0).default(0),
  shuffle: z.boolean().default(false),
});

/** `POST /api/events` of a custom topic: one event, or an array of them. */
export function topicRoute(key: string, publish: (event: EventGridEvent) => void): Route {
  const accept = withBody(Events, events => {
    for (const event of events) publish(event);
    return { status: 200 };
  });
  return {
    method: 'POST',
    path: /^\/api\/events$/,
    handle: request => (request.headers['aeg-sas-key'] === key ? accept(request) : { status: 401 }),
  };
}

/** What people and tests ask and steer over HTTP. */
export function steeringRoutes(clock: MovableClock, dispatcher: Dispatcher): Route[] {
  return [
    {
      method: 'POST',
      path: /^\/_stand-in\/clock$/,
      handle: withBody(Clock, ({ advanceMs }) => {
        clock.advance(advanceMs);
        return { status: 200, body: { now: clock.now().toISOString() } };
      }),
    },
    {
      method: 'POST',
      path: /^\/_stand-in\/delivery$/,
      handle: withBody(Mode, mode => {
        dispatcher.setMode(mode);
        return { status: 200, body: mode };
      }),
    },
    {
      method: 'GET',
      path: /^\/_stand-in\/deliveries$/,
      handle: () => ({ status: 200, body: byState(dispatcher.deliveries()) }),
    },
  ];
}

function byState(deliveries: readonly Delivery[]): Record<string, Delivery[]> {
  const inState = (state: Delivery['state']) => deliveries.filter(delivery => delivery.state === state);
  return {
    pending: inState('pending'),
    delivered: inState('delivered'),
    deadLettered: inState('dead-lettered'),
    dropped: inState('dropped'),
  };
}

function withBody<T>(schema: z.ZodType<T>, handle: (value: T) => StandInResponse): Route['handle'] {
  return ({ body }: StandInRequest) => {
    const parsed = schema.safeParse(parseJson(body.toString()));
    if (!parsed.success) return { status: 400, body: { error: z.prettifyError(parsed.error) } };
    return handle(parsed.data);
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
