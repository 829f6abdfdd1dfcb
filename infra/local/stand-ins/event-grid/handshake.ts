import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type EventGridEvent, type EventSchema, encodeEvent } from './events.ts';

const ORIGIN = 'eventgrid.azure.net';
const Echo = z.object({ validationResponse: z.string() });

/** Asks the endpoint whether it wants events at all. @throws Error when it does not say so */
export async function validateEndpoint(endpoint: string, schema: EventSchema, now: Date): Promise<void> {
  const agreed =
    schema === 'EventGridSchema' ? await echoesCode(endpoint, now) : await allowsOrigin(endpoint);
  if (!agreed) throw new Error(`${withoutKey(endpoint)} failed the ${schema} validation handshake`);
}

/** The endpoint without its query, which holds the key. */
export function withoutKey(endpoint: string): string {
  const { origin, pathname } = new URL(endpoint);
  return origin + pathname;
}

async function echoesCode(endpoint: string, now: Date): Promise<boolean> {
  const validationCode = randomUUID();
  const event: EventGridEvent = {
    id: randomUUID(),
    topic: '/subscriptions/local/stand-in',
    subject: '',
    eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
    eventTime: now.toISOString(),
    data: { validationCode },
    dataVersion: '2',
    metadataVersion: '1',
  };
  const { contentType, body } = encodeEvent(event, 'EventGridSchema');
  const headers = { 'content-type': contentType, 'aeg-event-type': 'SubscriptionValidation' };
  const response = await fetch(endpoint, { method: 'POST', headers, body });
  const answer = Echo.safeParse(await response.json().catch(() => undefined));
  return response.status === 200 && answer.data?.validationResponse === validationCode;
}

/** The abuse protection of the CloudEvents webhook specification. */
async function allowsOrigin(endpoint: string): Promise<boolean> {
  const response = await fetch(endpoint, {
    method: 'OPTIONS',
    headers: { 'webhook-request-origin': ORIGIN },
  });
  await response.body?.cancel();
  return response.ok && ['*', ORIGIN].includes(response.headers.get('webhook-allowed-origin') ?? '');
}
