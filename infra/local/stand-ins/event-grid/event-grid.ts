import { createMovableClock, type MovableClock } from '../../clock.ts';
import type { Secrets } from '../../secrets.ts';
import { type StandIn, startStandIn } from '../../stand-in.ts';
import type { Delivery, Subscription } from './delivery.ts';
import { createDispatcher } from './dispatcher.ts';
import { EventGridEvent } from './events.ts';
import { validateEndpoint } from './handshake.ts';
import { steeringRoutes, topicRoute } from './routes.ts';

export interface EventGridOptions {
  secrets: Secrets;
  /** What time-outs and retries go by; a clock of its own by default. */
  clock?: MovableClock;
  port?: number;
  /** What publishers over HTTP must send as `aeg-sas-key`. */
  key: string;
  /** Where shuffled deliveries take their waits from: at least 0 and below 1. */
  random?: () => number;
}

export interface EventGridStandIn extends StandIn {
  /**
   * Subscribes a webhook to all events from now on, after the validation handshake.
   * Without more it gets Event Grid's schema, 30 attempts in 1440 minutes, and no dead letter.
   * @throws Error when the webhook does not pass the handshake
   */
  subscribe(subscription: Pick<Subscription, 'endpoint'> & Partial<Subscription>): Promise<void>;
  /** @throws ZodError for what is no event */
  publish(event: EventGridEvent): void;
  /** Moves the clock. What fails after that is queued again from the new time on. */
  advance(ms: number): void;
  /** A copy of how every event fared, oldest first. */
  deliveries(): Delivery[];
  /** Resolves when no request is open; retries that are not due yet are not waited for. */
  idle(): Promise<void>;
}

const DEFAULTS = { schema: 'EventGridSchema', maxAttempts: 30, ttlMinutes: 1440, deadLetter: false } as const;

/** Event Grid: one topic that takes events, and delivers them to webhooks at least once and in no order. */
export async function startEventGrid(options: EventGridOptions): Promise<EventGridStandIn> {
  const { secrets, port, clock = createMovableClock(), random = Math.random } = options;
  const key = secrets.issue(options.key);
  const dispatcher = createDispatcher(clock, random);
  const subscriptions: Subscription[] = [];
  const deliveries = () => structuredClone([...dispatcher.deliveries()]);

  function publish(event: EventGridEvent): void {
    const whole = EventGridEvent.parse(event);
    for (const subscription of subscriptions) dispatcher.deliver(whole, subscription);
  }
  const routes = [topicRoute(key, publish), ...steeringRoutes(clock, dispatcher)];
  const server = await startStandIn({ routes, secrets, port });
  return {
    ...server,
    publish,
    deliveries,
    async subscribe(wanted) {
      const subscription = { ...DEFAULTS, ...wanted };
      await validateEndpoint(subscription.endpoint, subscription.schema, clock.now());
      subscriptions.push(subscription);
    },
    advance: ms => clock.advance(ms),
    idle: () => dispatcher.idle(),
    async close() {
      dispatcher.stop();
      await server.close();
    },
  };
}
