import { deliverEvents, parseEvents } from './event-grid-webhook.ts';
import { type HostedFunction, hasTrigger } from './functions.ts';
import type { Invoke } from './invocation.ts';
import { runTimer } from './timers.ts';

/**
 * Runs a timer now, whatever the input, or hands an Event Grid function the event that is the input.
 * @returns undefined when the input does not suit the function's trigger
 */
export function runByHand(fn: HostedFunction, input: unknown, invoke: Invoke): Promise<void> | undefined {
  if (hasTrigger(fn, 'timerTrigger')) return runTimer(fn, invoke);
  if (!hasTrigger(fn, 'eventGridTrigger')) return undefined;
  const events = parseEvents(input);
  return events && deliverEvents(fn, events, invoke);
}
