import { afterEach, beforeEach, expect, test } from 'vitest';
import { image, index } from '../../../../../infra/local/oci-image.ts';
import { RESOURCE_ID, startTestRegistry, type TestRegistry } from './fixture.ts';

const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

let fixture: TestRegistry;

beforeEach(async () => {
  fixture = await startTestRegistry();
});
afterEach(() => fixture.registry.close());

test('a push by tag is told in the Event Grid schema', async () => {
  const pushed = image();
  await fixture.push('team/app', pushed, 'v1');

  expect(fixture.events).toEqual([
    {
      id: UUID,
      topic: RESOURCE_ID,
      subject: 'team/app:v1',
      eventType: 'Microsoft.ContainerRegistry.ImagePushed',
      eventTime: '2026-03-01T12:00:00.000Z',
      dataVersion: '2.0',
      metadataVersion: '1',
      data: {
        id: UUID,
        timestamp: '2026-03-01T12:00:00.000000000Z',
        action: 'push',
        location: 'westeurope',
        target: {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          size: pushed.content.length,
          digest: pushed.digest,
          length: pushed.content.length,
          repository: 'team/app',
          tag: 'v1',
        },
        request: {
          id: UUID,
          host: fixture.registry.loginServer,
          method: 'PUT',
          useragent: 'undici',
          addr: '127.0.0.1',
        },
      },
    },
  ]);
  expect(fixture.events[0]?.data.id).not.toBe(fixture.events[0]?.id);
});

test('a multi-platform push is told once per child, without a tag, and then for the index', async () => {
  const children = [image(), image({ platform: 'linux/arm64' })];
  const whole = index(children);
  await fixture.push('app', whole, 'v1');

  expect(
    fixture.events.map(event => [event.subject, event.data.target.digest, event.data.target.tag]),
  ).toEqual([...children.map(child => ['app', child.digest, undefined]), ['app:v1', whole.digest, 'v1']]);
  expect(fixture.events[0]?.data.target).not.toHaveProperty('tag');
});

test('a deleted manifest is told by digest, without tag or size', async () => {
  const { digest, mediaType } = image();
  await fixture.push('app', image(), 'v1');
  fixture.events.length = 0;
  await fixture.call(`/v2/app/manifests/${digest}`, { method: 'DELETE' });

  const [event] = fixture.events;
  expect(event).toMatchObject({
    subject: 'app',
    eventType: 'Microsoft.ContainerRegistry.ImageDeleted',
    data: { id: event?.id, action: 'delete', request: { method: 'DELETE' } },
  });
  expect(event?.data.target).toEqual({ mediaType, digest, repository: 'app' });
});

test('a deleted repository is told manifest by manifest', async () => {
  const pushed = [image(), image({ content: 'other' })].map(manifest => manifest.digest);
  await fixture.push('app', image(), 'v1');
  await fixture.push('app', image({ content: 'other' }), 'v2');
  fixture.events.length = 0;
  const answer = await fixture.call('/acr/v1/app', { method: 'DELETE' });

  expect(await answer.json()).toEqual({ manifestsDeleted: pushed.toSorted(), tagsDeleted: ['v1', 'v2'] });
  expect(fixture.events.map(event => event.data.target.digest)).toEqual(pushed.toSorted());
});

test('an untagged image and a refused push give no event', async () => {
  await fixture.push('app', image(), 'v1');
  fixture.events.length = 0;

  expect((await fixture.call('/acr/v1/app/_tags/v1', { method: 'DELETE' })).status).toBe(202);
  expect((await fixture.call('/v2/app/manifests/v2', { method: 'PUT', body: 'nonsense' })).status).toBe(400);
  expect((await fixture.call('/acr/v1/app/_tags')).status).toBe(200);
  expect(fixture.events).toEqual([]);
});

test('a push is announced although the connection broke before the client had its answer', async () => {
  fixture.registry.faults.add({ method: 'PUT', path: '/manifests/', drop: 'after' });
  await expect(fixture.push('app', image(), 'v1')).rejects.toThrow();

  expect(fixture.events).toHaveLength(1);
});
