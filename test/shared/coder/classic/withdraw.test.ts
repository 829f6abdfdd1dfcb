import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import { handleEvent } from '../../../../shared/images/receive.ts';
import { sweep } from '../../../../shared/images/sweep.ts';
import { type Bridge, deleteEvent, split, startBridge } from '../../../support/bridge.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
  await bridge.put({ policy: { rules: [{ repository: '**', defaultTag: 'newest', onDelete: 'remove' }] } });
});
afterAll(() => bridge.close());

const inCoder = (repository: string) => {
  const known = bridge.cloud.standIns.coder
    .state()
    .images.find(candidate => candidate.repository === repository);
  return {
    tags: known?.tags.map(({ tag }) => tag),
    default: known?.default_tag,
    deprecated: known?.deprecated,
  };
};

/** Pushes and tells the bridge; gives the digest. */
async function push(reference: string, content = reference): Promise<string> {
  const digest = await bridge.push(reference, image({ content }));
  bridge.cloud.clock.advance(1_000);
  await bridge.pushed(reference);
  return digest;
}

/** Deletes the manifest in the registry, as `az acr repository delete` does, and tells the bridge. */
async function remove(reference: string, digest: string): Promise<void> {
  const { registry, standIns } = bridge.cloud;
  const { repository } = split(reference);
  const authorization = `Basic ${Buffer.from(`${registry.pusher.username}:${registry.pusher.password}`).toString('base64')}`;
  const url = `${standIns.registry.url}/v2/${repository}/manifests/${digest}`;
  expect((await fetch(url, { method: 'DELETE', headers: { authorization } })).status).toBe(202);
  await handleEvent(
    bridge.services,
    deleteEvent(registry.resourceId, repository, digest, new Date()),
    bridge.log,
  );
}

test('a deleted tag leaves Coder; if it was the default, another one is first', async () => {
  await push('gone/app:v1');
  await push('gone/app:v2');
  const digest = await push('gone/app:v3');
  expect(inCoder('gone/app').default).toBe('v3');

  await remove('gone/app:v3', digest);

  expect(inCoder('gone/app')).toEqual({ tags: ['v1', 'v2'], default: 'v2', deprecated: false });
  expect(await bridge.record('gone/app:v3')).toMatchObject({
    state: 'removed',
    reason: 'removed-from-coder',
  });
});

test('an image whose last tag is gone is deprecated, and back when the tag is', async () => {
  const digest = await push('last/app:v1');
  await remove('last/app:v1', digest);
  expect(inCoder('last/app')).toEqual({ tags: ['v1'], default: 'v1', deprecated: true });

  await push('last/app:v1');

  expect(inCoder('last/app')).toEqual({ tags: ['v1'], default: 'v1', deprecated: false });
});

test('a new tag on a deprecated image takes the place of the one that is gone', async () => {
  const digest = await push('next/app:v1');
  await remove('next/app:v1', digest);

  await push('next/app:v2');

  expect(inCoder('next/app')).toEqual({ tags: ['v2'], default: 'v2', deprecated: false });
});

test('an image that a person deprecated stays deprecated', async () => {
  await push('old/app:v1');
  const { coder } = bridge.cloud.standIns;
  const id = coder.state().images.find(({ repository }) => repository === 'old/app')?.id;
  const headers = { 'session-token': bridge.cloud.coder.token, 'content-type': 'application/json' };
  const body = JSON.stringify({ deprecated: true });
  await fetch(`${coder.url}/api/v0/images/${id}`, { method: 'PATCH', headers, body });

  await push('old/app:v2');

  expect(inCoder('old/app')).toMatchObject({ tags: ['v1', 'v2'], deprecated: true });
});

test('a tag that workspaces use is named as such, and removed when they do not', async () => {
  const digest = await push('used/app:v1');
  await push('used/app:v2');
  const { coder } = bridge.cloud.standIns;
  const id = coder.state().images.find(({ repository }) => repository === 'used/app')?.id;
  const use = (names: string[]) =>
    fetch(`${coder.url}/_stand-in/workspaces`, {
      method: 'POST',
      body: JSON.stringify({ image_id: id, tag: 'v1', names }),
    });
  await use(['anna']);

  await remove('used/app:v1', digest);
  expect(await bridge.record('used/app:v1')).toMatchObject({ state: 'pending', reason: 'tag-in-use' });
  expect(inCoder('used/app').tags).toEqual(['v1', 'v2']);

  await use([]);
  bridge.cloud.clock.advance(60_000);
  await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);
  expect(await bridge.record('used/app:v1')).toMatchObject({
    state: 'removed',
    reason: 'removed-from-coder',
  });
  expect(inCoder('used/app').tags).toEqual(['v2']);
});
