import * as z from 'zod';
import { sameName } from './function-app.ts';
import { type HostedFunction, type TriggerOf, withTrigger } from './functions.ts';
import { type HostRequest, type HostResponse, jsonResponse, parseJson } from './http-message.ts';
import type { Invoke } from './invocation.ts';
import { type HostKeys, opensEventGrid, presentedKey } from './keys.ts';

export const EVENT_GRID_PATH = '/runtime/webhooks/eventgrid';

export interface EventGridWebhookOptions {
  functions: HostedFunction[];
  keys: HostKeys;
  invoke: Invoke;
}

const EventObject = z.record(z.string(), z.unknown());
type EventObject = z.infer<typeof EventObject>;
type EventGridFunction = HostedFunction<TriggerOf<'eventGridTrigger'>>;
/** What Event Grid posts: an array of events, or one CloudEvent. */
const Events = z.union([z.array(EventObject), EventObject.transform(event => [event])]);
const Validation = z.object({ data: z.object({ validationCode: z.string() }) });

const CLOUD_ORIGINS = ['eventgrid.azure.net', 'eventgrid.azure.us', 'eventgrid.azure.cn'];

/** The endpoint of the Event Grid extension, `/runtime/webhooks/EventGrid?functionName=...&code=...`. */
export function createEventGridWebhook({ functions, keys, invoke }: EventGridWebhookOptions) {
  const listeners = withTrigger(functions, 'eventGridTrigger').filter(fn => !fn.disabled);

  return async function handleEventGrid(request: HostRequest): Promise<HostResponse> {
    if (request.method !== 'POST' && request.method !== 'OPTIONS') return { status: 404 };
    if (!opensEventGrid(keys, presentedKey(request))) return { status: 401 };
    const name = request.query.functionName ?? '';
    const fn = listeners.find(listener => sameName(listener.name, name));
    if (!fn) return { status: 404, body: `cannot find function: '${name}'` };
    if (request.method === 'OPTIONS') return allowOrigin(request.headers['webhook-request-origin']);

    const kind = request.headers['aeg-event-type']?.toLowerCase();
    if (kind === 'unsubscribe') return { status: 202 };
    const events = parseEvents(parseJson(request.body.toString()));
    if (!events) return { status: 400 };
    if (kind === 'subscriptionvalidation') return answerValidation(events);
    if (kind === 'notification') return notify(fn, events, invoke);
    return { status: 400 };
  };
}

/** The events in a parsed body, or undefined when these are none. */
export function parseEvents(value: unknown): EventObject[] | undefined {
  return Events.safeParse(value).data;
}

/**
 * Hands events to a function: each to an invocation of its own, all at once, or all to one if it asks for `many`.
 * @throws what the first failing invocation threw, after all of them have ended
 */
export async function deliverEvents(
  fn: EventGridFunction,
  events: EventObject[],
  invoke: Invoke,
): Promise<void> {
  const inputs = fn.trigger.cardinality === 'many' ? [events] : events;
  const invocations = inputs.map(input => {
    const metadata = 'data' in input ? { data: { json: JSON.stringify(input.data) } } : {};
    return invoke(fn, { string: JSON.stringify(input, null, 2) }, metadata);
  });
  const failed = (await Promise.allSettled(invocations)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** One failing invocation fails the whole POST, and Event Grid will send all of it again. */
async function notify(fn: EventGridFunction, events: EventObject[], invoke: Invoke): Promise<HostResponse> {
  try {
    await deliverEvents(fn, events, invoke);
    return { status: 202 };
  } catch {
    return { status: 500, body: `Exception while executing function: ${fn.name}` };
  }
}

/** The handshake of the CloudEvents schema. */
function allowOrigin(origin = ''): HostResponse {
  const allowed = CLOUD_ORIGINS.includes(origin) ? origin : 'eventgrid.azure.net';
  return { status: 200, headers: { 'Webhook-Allowed-Origin': allowed } };
}

/** The handshake of the Event Grid schema. */
function answerValidation([event]: unknown[]): HostResponse {
  const validation = Validation.safeParse(event);
  if (!validation.success) return { status: 400 };
  return jsonResponse(200, { validationResponse: validation.data.data.validationCode });
}
