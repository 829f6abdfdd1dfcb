import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type FixtureHost, NOW, startFixtureHost } from './fixture-host.ts';

let host: FixtureHost;
beforeAll(async () => {
  host = await startFixtureHost();
});
beforeEach(() => {
  host.lines.length = 0;
});
afterAll(() => host.close());

const EVENT = { id: '1', data: { when: '2024-01-01T00:00:00+02:00' } };

function post(
  type: string | undefined,
  body: unknown,
  query = 'functionName=onEvent&code=e',
): Promise<Response> {
  return host.call(`/runtime/webhooks/EventGrid?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(type ? { 'aeg-event-type': type } : {}) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

test.each<[what: string, type: string | undefined, body: unknown, query: string | undefined, status: number]>(
  [
    ['one event', 'Notification', EVENT, undefined, 202],
    ['an array', 'Notification', [EVENT], undefined, 202],
    ['any case', 'notification', EVENT, 'functionName=ONEVENT&code=e', 202],
    ['the master key', 'Notification', EVENT, 'functionName=onEvent&code=m', 202],
    ['a function key', 'Notification', EVENT, 'functionName=onEvent&code=h', 401],
    ['no key', 'Notification', EVENT, 'functionName=onEvent', 401],
    ['unsubscribe', 'Unsubscribe', '', undefined, 202],
    ['an unknown event type', 'Other', EVENT, undefined, 400],
    ['no event type', undefined, EVENT, undefined, 400],
    ['no JSON', 'Notification', '{', undefined, 400],
    ['no events', 'Notification', '7', undefined, 400],
  ],
)('answers %s', async (_, type, body, query, status) => {
  expect((await post(type, body, query)).status).toBe(status);
});

test.each(['echo', 'unknown', ''])('does not find the function "%s"', async name => {
  const response = await post('Notification', EVENT, `functionName=${name}&code=e`);

  expect([response.status, await response.text()]).toEqual([404, `cannot find function: '${name}'`]);
});

test('hands over the event with its data, and nothing of the headers', async () => {
  await post('Notification', EVENT);

  expect(host.lines).toEqual([
    `${NOW} information [onEvent] got ${JSON.stringify(EVENT)} with ${JSON.stringify({ data: EVENT.data })}`,
  ]);
});

test('gives each event an invocation of its own, all at the same time', async () => {
  const events = [
    { id: 'left', data: { waitsFor: 'right' } },
    { id: 'right', data: { waitsFor: 'left' } },
  ];

  expect((await post('Notification', events)).status).toBe(202);
});

test('fails the whole POST when one of its events fails', async () => {
  const response = await post('Notification', [{ id: '1', data: { fail: true } }, { id: '2' }]);

  expect([response.status, await response.text()]).toEqual([
    500,
    'Exception while executing function: onEvent',
  ]);
  expect(host.lines.map(line => line.slice(NOW.length + 1, NOW.length + 40))).toEqual([
    expect.stringContaining('information [onEvent] got'),
    expect.stringContaining('information [onEvent] got'),
    expect.stringContaining('error [onEvent] failed: Error: cannot'),
  ]);
});

test.each([[[{ data: { validationCode: 'abc' } }]], [{ data: { validationCode: 'abc' } }]])(
  'proves itself to Event Grid with the code in %j',
  async body => {
    const response = await post('SubscriptionValidation', body);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ validationResponse: 'abc' });
  },
);

test.each([
  ['eventgrid.azure.us', 'eventgrid.azure.us'],
  ['evil.example', 'eventgrid.azure.net'],
])('proves itself in the CloudEvents way to %s by naming %s', async (origin, allowed) => {
  const response = await host.call('/runtime/webhooks/EventGrid?functionName=onEvent&code=e', {
    method: 'OPTIONS',
    headers: { 'WebHook-Request-Origin': origin },
  });

  expect(response.status).toBe(200);
  expect(response.headers.get('webhook-allowed-origin')).toBe(allowed);
});
