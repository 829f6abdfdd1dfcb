import { join } from 'node:path';
import { EventGridPublisherClient } from '@azure/eventgrid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSecrets } from '../../../../infra/local/secrets.ts';
import type { EntraStandIn } from '../../../../infra/local/stand-ins/entra.ts';
import { startTopic, type TopicStandIn } from '../../../../infra/local/stand-ins/event-grid-topic.ts';
import { ensureTls } from '../../../../infra/local/tls.ts';
import { identities, type TestIdentity } from './identities.ts';

let entra: EntraStandIn;
let app: TestIdentity;
let stranger: TestIdentity;
let topic: TopicStandIn;

beforeAll(async () => {
  const secrets = createSecrets();
  ({ entra, app, stranger } = await identities());
  const tls = await ensureTls(join(import.meta.dirname, '../../../../.local/tls'));
  topic = await startTopic({ secrets, tls, verifyEntraToken: entra.verify, senders: [app.objectId] });
});
afterAll(() => topic.close());

const EVENT = { type: 'Image.Imported', source: 'test', subject: 'contoso/team/app:v1', data: { tag: 'v1' } };
const client = (identity: TestIdentity) =>
  new EventGridPublisherClient(topic.endpoint, 'CloudEvent', identity.credential);

test('takes CloudEvents from an identity with the role', async () => {
  await client(app).send([EVENT]);

  expect(topic.published()).toMatchObject([{ ...EVENT, specversion: '1.0' }]);
});

test('refuses an identity without it', async () => {
  await expect(client(stranger).send([EVENT])).rejects.toMatchObject({ statusCode: 403 });
});

test.each([
  ['a caller without a token', undefined, 401],
  ['a token for another service', 'https://vault.azure.net', 401],
  ['what is no CloudEvent', 'https://eventgrid.azure.net', 400],
])('refuses %s', async (_, audience, status) => {
  const token = audience ? await entra.tokenFor(app.clientId, audience) : '';
  const { length } = topic.published();

  const answer = await fetch(topic.endpoint, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: '[{"id":1}]',
  });

  expect(answer.status).toBe(status);
  expect(topic.published()).toHaveLength(length);
});
