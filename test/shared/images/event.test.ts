import { EventGridDeserializer } from '@azure/eventgrid';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAcrEvent } from '../../../shared/images/event.ts';

const SUBSCRIPTION = '00000000-0000-0000-0000-000000000001';
const TOPIC = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/demo`;
const DIGEST = `sha256:${'2'.repeat(64)}`;
const received = new Date('2026-01-31T08:00:10Z');

/** A push as ACR sends it, in Event Grid's own schema. */
const pushed = {
  id: '831e1650-001e-001b-66ab-eeb76e069631',
  topic: TOPIC,
  subject: 'team/app:v1',
  eventType: 'Microsoft.ContainerRegistry.ImagePushed',
  eventTime: '2026-01-31T08:00:05Z',
  data: {
    id: '31c51664-e5bd-416a-a5df-e5206bc47ed0',
    timestamp: '2026-01-31T08:00:04.276585742Z',
    action: 'push',
    location: 'westeurope',
    target: {
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      size: 3023,
      digest: DIGEST,
      length: 3023,
      repository: 'team/app',
      tag: 'v1',
    },
    request: { id: '7c66', host: 'demo.azurecr.io', method: 'PUT', useragent: 'docker/27' },
  },
  dataVersion: '2.0',
  metadataVersion: '1',
};
type Pushed = typeof pushed;

/** The same in the CloudEvents envelope. */
function asCloudEvent({ id, topic, subject, eventType, eventTime, data }: Pushed) {
  return { specversion: '1.0', id, source: topic, subject, type: eventType, time: eventTime, data };
}

function withTarget(target: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return { ...pushed, ...more, data: { ...pushed.data, target: { ...pushed.data.target, ...target } } };
}

const push = {
  kind: 'push',
  registryId: TOPIC.toLowerCase(),
  repository: 'team/app',
  tag: 'v1',
  pushedOn: new Date('2026-01-31T08:00:04.276Z'),
  digest: DIGEST,
};

describe('a push is read', () => {
  test.each([
    ['from Event Grid', pushed, push],
    ['from CloudEvents', asCloudEvent(pushed), push],
    ['with an old type without prefix', { ...pushed, eventType: 'ImagePushed' }, push],
    ['with an id in other capitals', { ...pushed, topic: TOPIC.toUpperCase() }, push],
    ['from a connected registry', { ...pushed, topic: `${TOPIC}/connectedRegistries/edge` }, push],
    ['whatever its subject says', { ...pushed, subject: 'other:v9' }, push],
  ])('%s', (_, event, expected) => {
    expect(decodeAcrEvent(event, received)).toEqual(expected);
  });

  test.each([
    ['the time of the envelope when the data has `null`', null, new Date('2026-01-31T08:00:05Z')],
    ['the time of the envelope when the data has a number', 7, new Date('2026-01-31T08:00:05Z')],
    ['the time of the envelope when the data has none', undefined, new Date('2026-01-31T08:00:05Z')],
    ['the time of arrival when it is no time', 'soon', received],
    ['the time of arrival when it lies before all registries', '0001-01-01T00:00:00Z', received],
    ['the time of arrival when it lies in the future', '2099-01-01T00:00:00Z', received],
  ])('with %s', (_, timestamp, pushedOn) => {
    const event = { ...pushed, data: { ...pushed.data, timestamp } };

    expect(decodeAcrEvent(event, received)).toEqual({ ...push, pushedOn });
  });
});

test.each([
  ['no time at all', { ...pushed, eventTime: null, data: { ...pushed.data, timestamp: undefined } }],
  ['no digest', withTarget({ digest: undefined })],
  ['a digest of `null`', withTarget({ digest: null })],
  ['a digest that is a number', withTarget({ digest: 7 })],
  ['a digest that is none', withTarget({ digest: 'latest' })],
])('a push with %s is still a push', (_, event) => {
  expect(decodeAcrEvent(event, received)).toMatchObject({ kind: 'push', repository: 'team/app', tag: 'v1' });
});

test('what the official deserializer accepts in both envelopes, we read', async () => {
  const official = new EventGridDeserializer();

  const [event] = await official.deserializeEventGridEvents(pushed);
  const [cloudEvent] = await official.deserializeCloudEvents(asCloudEvent(pushed));

  expect(event?.data).toEqual(cloudEvent?.data);
  expect(decodeAcrEvent({ ...pushed, data: event?.data }, received)).toEqual(push);
});

const DELETED = 'Microsoft.ContainerRegistry.ImageDeleted';
const deleted = { kind: 'delete', registryId: TOPIC.toLowerCase(), repository: 'team/app' };

test.each([
  ['a manifest', withTarget({ tag: undefined }, { eventType: DELETED }), { ...deleted, digest: DIGEST }],
  ['a repository', withTarget({ tag: undefined, digest: undefined }, { eventType: DELETED }), deleted],
])('a delete of %s is read', (_, event, expected) => {
  expect(decodeAcrEvent(event, received)).toEqual(expected);
});

test.each([
  ['a push by digest', withTarget({ tag: undefined }), 'untagged'],
  ['a push whose tag is `null`', withTarget({ tag: null }), 'untagged'],
  ['a legacy chart', { ...pushed, eventType: 'Microsoft.ContainerRegistry.ChartPushed' }, 'helm-chart'],
  [
    'a deleted legacy chart',
    { ...pushed, eventType: 'Microsoft.ContainerRegistry.ChartDeleted' },
    'helm-chart',
  ],
  ['an event of storage', { ...pushed, eventType: 'Microsoft.Storage.BlobCreated' }, 'not-an-acr-event'],
  ['a look-alike type', { ...pushed, eventType: 'Evil.ImagePushed' }, 'not-an-acr-event'],
  ['no topic', { ...pushed, topic: undefined }, 'not-an-acr-event'],
  ['no data', { ...pushed, data: undefined }, 'not-an-acr-event'],
  ['data as text', { ...pushed, data: JSON.stringify(pushed.data) }, 'not-an-acr-event'],
  ['no repository', withTarget({ repository: undefined }), 'not-an-acr-event'],
  ['a repository that climbs', withTarget({ repository: '../admin' }), 'not-an-acr-event'],
  ['a tag that is none', withTarget({ tag: 'a b' }), 'not-an-acr-event'],
  ['a megabyte as tag', withTarget({ tag: 'a'.repeat(1 << 20) }), 'not-an-acr-event'],
  ['an array', [pushed], 'not-an-acr-event'],
  ['text', 'push', 'not-an-acr-event'],
  ['null', null, 'not-an-acr-event'],
])('%s is ignored', (_, event, reason) => {
  expect(decodeAcrEvent(event, received)).toMatchObject({ kind: 'ignored', reason });
});

test('nothing makes the decoder throw, and what it lets through are OCI names', () => {
  const junk = fc.oneof(
    fc.jsonValue({ maxDepth: 6 }),
    fc.record({ ...pushedShape(), data: fc.record({ target: fc.jsonValue(), timestamp: fc.jsonValue() }) }),
    fc.record({
      ...pushedShape(),
      data: fc.record({
        target: fc.record({ repository: fc.string(), tag: fc.string() }, { requiredKeys: ['repository'] }),
      }),
    }),
  );
  fc.assert(
    fc.property(junk, event => {
      const decoded = decodeAcrEvent(event, received);
      if (decoded.kind === 'push')
        expect(`${decoded.repository}:${decoded.tag}`).toMatch(/^[a-z0-9._/-]+:[\w.-]+$/);
    }),
    { numRuns: 500 },
  );
});

function pushedShape() {
  return { topic: fc.constant(TOPIC), eventType: fc.constantFrom(pushed.eventType, DELETED, 'x') };
}
