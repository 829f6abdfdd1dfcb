import { expect, test } from 'vitest';
import { pushed, setUp, WEBHOOK_KEY } from './setup.ts';

test('events come one at a time in an array in the schema of Event Grid', async () => {
  const { eventGrid, webhook } = await setUp();
  await eventGrid.subscribe({ endpoint: webhook.endpoint });

  eventGrid.publish(pushed('1'));
  await eventGrid.idle();

  const [{ body, headers, url } = {}] = webhook.received;
  expect(JSON.parse(String(body))).toEqual([{ ...pushed('1'), metadataVersion: '1' }]);
  expect(headers).toMatchObject({ 'aeg-event-type': 'Notification', 'aeg-delivery-count': '0' });
  expect(headers?.['content-type']).toMatch(/^application\/json/);
  expect(url?.search).toBe(`?code=${WEBHOOK_KEY}`);
});

test('events come as bare objects in the schema of CloudEvents', async () => {
  const { eventGrid, webhook } = await setUp();
  await eventGrid.subscribe({ endpoint: webhook.endpoint, schema: 'CloudEventSchemaV1_0' });

  eventGrid.publish(pushed('1'));
  await eventGrid.idle();

  const { topic, subject, eventType, eventTime, data } = pushed('1');
  const [{ body, headers } = {}] = webhook.received;
  expect(JSON.parse(String(body))).toEqual({
    specversion: '1.0',
    id: '1',
    source: topic,
    subject,
    type: eventType,
    time: eventTime,
    data,
  });
  expect(headers?.['content-type']).toMatch(/^application\/cloudevents\+json/);
});

test.each([
  ['EventGridSchema', 'POST', { status: 200, body: { validationResponse: 'another code' } }],
  ['EventGridSchema', 'POST', { status: 200, body: 'hello' }],
  [
    'CloudEventSchemaV1_0',
    'OPTIONS',
    { status: 200, headers: { 'webhook-allowed-origin': 'elsewhere.example' } },
  ],
  ['CloudEventSchemaV1_0', 'OPTIONS', { status: 404, headers: { 'webhook-allowed-origin': '*' } }],
] as const)(
  'in %s a webhook that answers %s with %j is refused, and named without its key',
  async (...row) => {
    const [schema, method, answer] = row;
    const { eventGrid, webhook, server } = await setUp();
    server.faults.add({ method, ...answer, body: 'body' in answer ? answer.body : '' });

    const error = await eventGrid.subscribe({ endpoint: webhook.endpoint, schema }).catch(String);

    expect(error).toContain(`${server.url}/webhook failed the ${schema} validation handshake`);
    eventGrid.publish(pushed('1'));
    expect(eventGrid.deliveries()).toEqual([]);
  },
);

test('a webhook that echoes the code with a status other than 200 is refused', async () => {
  const { eventGrid, webhook } = await setUp();
  webhook.validationStatus = 202;

  await expect(eventGrid.subscribe({ endpoint: webhook.endpoint })).rejects.toThrow('handshake');
});
