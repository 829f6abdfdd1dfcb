import { onTestFinished } from 'vitest';
import { createSecrets } from '../../../../../infra/local/secrets.ts';
import { startStandIn } from '../../../../../infra/local/stand-in.ts';
import type { StandInRequest, StandInResponse } from '../../../../../infra/local/stand-in-messages.ts';
import {
  type EventGridOptions,
  startEventGrid,
} from '../../../../../infra/local/stand-ins/event-grid/event-grid.ts';
import type { EventGridEvent } from '../../../../../infra/local/stand-ins/event-grid/events.ts';

export const TOPIC_KEY = 'topic-key';
export const WEBHOOK_KEY = 'webhook-key';

type Answer = (request: StandInRequest) => StandInResponse | Promise<StandInResponse>;

/** An Event Grid, and a webhook that passes both handshakes and answers events with `answer`, 202 at first. */
export async function setUp(options: Partial<EventGridOptions> = {}) {
  const secrets = createSecrets();
  const eventGrid = await startEventGrid({ secrets, key: TOPIC_KEY, ...options });
  const webhook = {
    endpoint: '',
    received: [] as StandInRequest[],
    validationStatus: 200,
    answer: (() => ({ status: 202 })) as Answer,
  };
  const path = /^\/webhook$/;
  const server = await startStandIn({
    secrets,
    routes: [
      { method: 'OPTIONS', path, handle: ({ headers }) => allowing(headers['webhook-request-origin']) },
      {
        method: 'POST',
        path,
        handle(request) {
          const [first] = JSON.parse(`[${request.body}]`).flat();
          if (request.headers['aeg-event-type'] === 'SubscriptionValidation') {
            return {
              status: webhook.validationStatus,
              body: { validationResponse: first.data.validationCode },
            };
          }
          webhook.received.push(request);
          return webhook.answer(request);
        },
      },
    ],
  });
  webhook.endpoint = `${server.url}/webhook?code=${WEBHOOK_KEY}`;
  onTestFinished(() => Promise.all([eventGrid.close(), server.close()]).then(() => undefined));

  function call(method: string, route: string, body?: unknown, headers: Record<string, string> = {}) {
    return fetch(eventGrid.url + route, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }
  const receivedIds = () => webhook.received.map(({ body }) => JSON.parse(body.toString())[0].id);
  return { eventGrid, webhook, server, call, receivedIds };
}

export function pushed(id: string): EventGridEvent {
  return {
    id,
    topic: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/r',
    subject: 'dev/base:1',
    eventType: 'Microsoft.ContainerRegistry.ImagePushed',
    eventTime: '2026-03-01T12:00:00.1234567Z',
    data: { action: 'push', target: { repository: 'dev/base', tag: '1' } },
    dataVersion: '2.0',
  };
}

function allowing(origin: string | string[] | undefined): StandInResponse {
  return { status: 200, headers: { 'webhook-allowed-origin': String(origin) } };
}
