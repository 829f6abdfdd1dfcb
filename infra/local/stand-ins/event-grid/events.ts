import * as z from 'zod';

/** An event in Event Grid's own schema. `topic` is the ARM id of the resource that it is about. */
export const EventGridEvent = z.object({
  id: z.string().min(1),
  topic: z.string().min(1),
  subject: z.string(),
  eventType: z.string().min(1),
  eventTime: z.iso.datetime({ offset: true }),
  data: z.unknown(),
  dataVersion: z.string(),
  metadataVersion: z.string().default('1'),
});
export type EventGridEvent = z.input<typeof EventGridEvent>;

/** How a subscription wants its events. */
export type EventSchema = 'EventGridSchema' | 'CloudEventSchemaV1_0';

/** The body and its type for one event: an array of one in Event Grid's schema, a bare object as CloudEvent. */
export function encodeEvent(
  event: EventGridEvent,
  schema: EventSchema,
): { contentType: string; body: string } {
  if (schema === 'EventGridSchema') {
    return { contentType: 'application/json; charset=utf-8', body: JSON.stringify([event]) };
  }
  return {
    contentType: 'application/cloudevents+json; charset=utf-8',
    body: JSON.stringify(asCloudEvent(event)),
  };
}

/** `data` is the same in both schemas, only the envelope differs. */
function asCloudEvent({ id, topic, subject, eventType, eventTime, data }: EventGridEvent) {
  return { specversion: '1.0', id, source: topic, subject, type: eventType, time: eventTime, data };
}
