import { expect, test, vi } from 'vitest';
import type { StandInResponse } from '../../../../../infra/local/stand-in-messages.ts';
import { pushed, setUp, TOPIC_KEY, WEBHOOK_KEY } from './setup.ts';

test('a failed delivery is tried again when it is due, and not before', async () => {
  const { eventGrid, webhook } = await setUp();
  await eventGrid.subscribe({ endpoint: webhook.endpoint });
  webhook.answer = () => ({ status: 500 });

  eventGrid.publish(pushed('1'));
  await eventGrid.idle();
  eventGrid.advance(5_000);
  await eventGrid.idle();
  expect(eventGrid.deliveries()).toMatchObject([{ state: 'pending', attempts: 1, lastStatus: 500 }]);

  webhook.answer = () => ({ status: 204 });
  eventGrid.advance(5_000);
  await eventGrid.idle();
  expect(eventGrid.deliveries()).toMatchObject([{ state: 'delivered', attempts: 2, lastStatus: 204 }]);
  expect(webhook.received[1]?.headers['aeg-delivery-count']).toBe('1');
});

test('an answer that takes too long leads to another attempt while the first goes on, and delays no other event', async () => {
  const { eventGrid, webhook, receivedIds } = await setUp();
  await eventGrid.subscribe({ endpoint: webhook.endpoint });
  let release: (response: StandInResponse) => void = () => undefined;
  const slow = new Promise<StandInResponse>(resolve => {
    release = resolve;
  });
  webhook.answer = () => (webhook.received.length === 1 ? slow : { status: 200 });

  eventGrid.publish(pushed('slow'));
  await vi.waitFor(() => expect(receivedIds()).toEqual(['slow']));
  eventGrid.publish(pushed('other'));
  await vi.waitFor(() => expect(eventGrid.deliveries()[1]?.state).toBe('delivered'));

  eventGrid.advance(30_000);
  expect(eventGrid.deliveries()[0]).toMatchObject({ state: 'pending', attempts: 1, lastStatus: 'timeout' });
  eventGrid.advance(10_000);
  await vi.waitFor(() =>
    expect(eventGrid.deliveries()[0]).toMatchObject({ state: 'delivered', attempts: 2 }),
  );

  release({ status: 500 });
  await eventGrid.idle();
  expect(receivedIds()).toEqual(['slow', 'other', 'slow']);
  expect(eventGrid.deliveries()[0]).toMatchObject({ state: 'delivered', lastStatus: 200 });
});

test('a webhook that is down is tried again', async () => {
  const { eventGrid, webhook, server } = await setUp();
  await eventGrid.subscribe({ endpoint: webhook.endpoint });
  server.faults.add({ drop: 'before', times: 1 });

  eventGrid.publish(pushed('1'));
  await eventGrid.idle();
  expect(eventGrid.deliveries()).toMatchObject([{ state: 'pending', lastStatus: 'no-answer' }]);
  eventGrid.advance(10_000);
  await eventGrid.idle();
  expect(eventGrid.deliveries()).toMatchObject([{ state: 'delivered' }]);
});

test.each([
  ['refused for good', 400, {}, 'not-retriable', 1],
  ['out of attempts', 500, { maxAttempts: 2 }, 'max-attempts', 2],
  ['too old', 500, { ttlMinutes: 1 }, 'expired', 1],
])(
  'an event that is %s goes to the dead letters, or is dropped without',
  async (_, status, limits, reason, attempts) => {
    const { eventGrid, webhook } = await setUp();
    await eventGrid.subscribe({ endpoint: webhook.endpoint, ...limits, deadLetter: true });
    await eventGrid.subscribe({ endpoint: webhook.endpoint, ...limits });
    webhook.answer = () => ({ status });

    eventGrid.publish(pushed('1'));
    await eventGrid.idle();
    eventGrid.advance(120_000);
    await eventGrid.idle();

    expect(eventGrid.deliveries()).toMatchObject([
      { state: 'dead-lettered', reason, attempts, lastStatus: status },
      { state: 'dropped', reason, attempts, lastStatus: status },
    ]);
  },
);

test('duplicates and a shuffle make copies that overtake each other', async () => {
  const waits = [0.9, 0.1, 0.5, 0.3];
  const { eventGrid, webhook, call, receivedIds } = await setUp({ random: () => waits.shift() ?? 0 });
  await eventGrid.subscribe({ endpoint: webhook.endpoint });
  await call('POST', '/_stand-in/delivery', { duplicates: 1, shuffle: true });

  eventGrid.publish(pushed('first'));
  eventGrid.publish(pushed('second'));
  for (const step of [1_000, 1_000, 1_000, 2_000]) {
    await call('POST', '/_stand-in/clock', { advanceMs: step });
    await eventGrid.idle();
  }

  expect(receivedIds()).toEqual(['first', 'second', 'second', 'first']);
});

test('other programs publish with the key of the topic, and see how it went without the key of the webhook', async () => {
  const { eventGrid, webhook, call, receivedIds } = await setUp();
  await eventGrid.subscribe({ endpoint: webhook.endpoint });
  const publish = (body: unknown, key = TOPIC_KEY) =>
    call('POST', '/api/events', body, { 'aeg-sas-key': key });

  expect((await publish([pushed('1')], 'wrong')).status).toBe(401);
  expect((await publish([pushed('1'), { id: '2' }])).status).toBe(400);
  expect((await publish([pushed('3'), pushed('4')])).status).toBe(200);
  expect((await publish(pushed('5'))).status).toBe(200);
  await eventGrid.idle();

  expect(receivedIds().sort()).toEqual(['3', '4', '5']);
  const seen = await (await call('GET', '/_stand-in/deliveries')).text();
  expect(JSON.parse(seen)).toMatchObject({
    pending: [],
    delivered: [{ event: { id: '3' }, attempts: 1, lastStatus: 202 }, {}, {}],
    deadLettered: [],
    dropped: [],
  });
  expect(seen).not.toContain(WEBHOOK_KEY);
});
