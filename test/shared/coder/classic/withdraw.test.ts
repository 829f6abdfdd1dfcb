import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { image } from '../../../../infra/local/oci-image.ts';
import { ClassicRepositoryRow, repositoryRow } from '../../../../shared/coder/classic/memory.ts';
import { ServiceError } from '../../../../shared/errors.ts';
import { handleEvent } from '../../../../shared/images/receive.ts';
import { sweep } from '../../../../shared/images/sweep.ts';
import { type Bridge, deleteEvent, split, startBridge } from '../../../support/bridge.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
  await bridge.put({ policy: { rules: [{ repository: '**', defaultTag: 'newest', onDelete: 'remove' }] } });
});
afterEach(() => bridge.clearFaults());
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

const idOf = (repository: string) =>
  bridge.cloud.standIns.coder.state().images.find(known => known.repository === repository)?.id;

const use = (repository: string, tag: string, names: string[]) =>
  bridge.askCoder('POST', '/_stand-in/workspaces', { image_id: idOf(repository), tag, names });

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

test('a tag that is gone and that workspaces use keeps no new one from taking its place', async () => {
  const digest = await push('kept/app:v1');
  await remove('kept/app:v1', digest);
  await use('kept/app', 'v1', ['anna']);

  await push('kept/app:v2');

  expect(await bridge.record('kept/app:v2')).toMatchObject({ state: 'imported' });
  expect(inCoder('kept/app')).toEqual({ tags: ['v1', 'v2'], default: 'v2', deprecated: false });
});

test('an image that a worker deprecated before it died is back with the next tag', async () => {
  await push('died/app:v1');
  const rows = bridge.services.leasedRows.rows(ClassicRepositoryRow);
  const key = repositoryRow({ name: 'contoso' }, 'died/app');
  const dying = rows.withLease(key, AbortSignal.timeout(10_000), async () => {
    await bridge.askCoder('PATCH', `/api/v0/images/${idOf('died/app')}`, { deprecated: true });
    throw new ServiceError('coder-unavailable', 'died', { uncertain: true });
  });
  await expect(dying).rejects.toThrow('died');
  bridge.cloud.clock.advance(300_000);

  await push('died/app:v2');

  expect(inCoder('died/app')).toEqual({ tags: ['v1', 'v2'], default: 'v2', deprecated: false });
});

test('an image that a person deprecated stays deprecated', async () => {
  await push('old/app:v1');
  await bridge.askCoder('PATCH', `/api/v0/images/${idOf('old/app')}`, { deprecated: true });

  await push('old/app:v2');

  expect(inCoder('old/app')).toMatchObject({ tags: ['v1', 'v2'], deprecated: true });
});

test('a tag that workspaces use is named as such, and removed when they do not', async () => {
  const digest = await push('used/app:v1');
  await push('used/app:v2');
  await use('used/app', 'v1', ['anna']);

  await remove('used/app:v1', digest);
  expect(await bridge.record('used/app:v1')).toMatchObject({ state: 'pending', reason: 'tag-in-use' });
  expect(inCoder('used/app').tags).toEqual(['v1', 'v2']);

  await use('used/app', 'v1', []);
  bridge.cloud.clock.advance(60_000);
  await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);
  expect(await bridge.record('used/app:v1')).toMatchObject({
    state: 'removed',
    reason: 'removed-from-coder',
  });
  expect(inCoder('used/app').tags).toEqual(['v2']);
});

test.each([
  [500, 'coder-unavailable'],
  [429, 'coder-busy'],
  [403, 'coder-unauthorized'],
  [400, 'tag-in-use'],
])('a delete that Coder answers with %i is %s', async (status, reason) => {
  const repository = `answers/${status}`;
  const digest = await push(`${repository}:v1`);
  await push(`${repository}:v2`);
  bridge.cloud.standIns.coder.faults.add({ method: 'DELETE', path: '/tags/v1$', status });

  await remove(`${repository}:v1`, digest);

  expect(await bridge.record(`${repository}:v1`)).toMatchObject({ reason });
  bridge.cloud.clock.advance(60_000);
});
