import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../../infra/local/oci-image.ts';
import { replay } from '../../../shared/images/replay.ts';
import type { StoredImage } from '../../../shared/records/image.ts';
import { type Bridge, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
  await bridge.put();
  bridge.cloud.standIns.coder.faults.add({ method: 'POST', status: 400 });
  for (const name of ['a', 'b']) {
    await bridge.push(`${name}:v1`, image({ content: name }));
    await bridge.pushed(`${name}:v1`);
  }
});
afterAll(() => bridge.close());

const signal = () => AbortSignal.timeout(20_000);

async function unfinished(): Promise<StoredImage[]> {
  const found: StoredImage[] = [];
  for await (const record of bridge.services.images.unfinished('contoso')) found.push(record);
  return found;
}

test('an image that another worker changed in between is left to that one, and not counted', async () => {
  const { images, now } = bridge.services;
  const [first, second] = (await unfinished()) as [StoredImage, StoredImage];
  const { etag: _, ...record } = first;
  await images.save({ ...record, message: 'newer' }, first);
  const outdated = {
    ...images,
    async *unfinished() {
      yield first;
      yield second;
    },
  };

  const result = await replay({ images: outdated, now }, 'contoso', undefined, signal());

  expect(result).toEqual({ replayed: 1, complete: true });
  expect(await bridge.record(`${first.repository}:v1`)).toMatchObject({ state: 'failed', message: 'newer' });
  expect(await bridge.record(`${second.repository}:v1`)).toMatchObject({
    ...{ state: 'pending', reason: 'replayed', attempts: 0 },
  });
});

test('one whose time is over makes nothing due, and says that it is not complete', async () => {
  const before = await unfinished();

  const result = await replay(bridge.services, 'contoso', undefined, AbortSignal.abort());

  expect(result).toEqual({ replayed: 0, complete: false });
  expect(await unfinished()).toEqual(before);
});
