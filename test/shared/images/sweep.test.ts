import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { image } from '../../../infra/local/oci-image.ts';
import { pushImage } from '../../../infra/local/push-image.ts';
import { handleEvent } from '../../../shared/images/receive.ts';
import { sweep } from '../../../shared/images/sweep.ts';
import { timeLimit } from '../../../shared/lib/time-limit.ts';
import { dueKey } from '../../../shared/records/keys.ts';
import { type Bridge, pushEvent, startBridge } from '../../support/bridge.ts';

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge({ registries: ['fabrikam'] });
});
afterEach(() => bridge.clearFaults());
afterAll(() => bridge.close());

/** What a sweep says that it found. */
async function swept(): Promise<{ text: string; fields: object }[]> {
  const before = bridge.logged.length;
  await sweep(bridge.services, AbortSignal.timeout(30_000), bridge.log);
  return bridge.logged.slice(before).map(line => {
    const at = line.indexOf(' {');
    return { text: line.slice(0, at), fields: JSON.parse(line.slice(at)) };
  });
}

test('a sweep logs that it ran, even with nothing to do', async () => {
  expect(await swept()).toEqual([{ text: 'sweep', fields: { registries: 0 } }]);
  await bridge.put();
  expect(await swept()).toEqual([{ text: 'sweep', fields: { registries: 1 } }]);
});

test('a sweep logs how many images wait, how many of them are due, and how old the oldest push is', async () => {
  await bridge.put();
  const { clock } = bridge.cloud;
  const push = async (tag: string, at: Date) => {
    await bridge.push(`team/app:${tag}`, image({ content: tag }));
    bridge.cloud.standIns.coder.faults.add({ status: 503 });
    await bridge.pushed(`team/app:${tag}`, { at });
  };
  const longAgo = new Date(clock.now().getTime() - 3_600_000);
  await push('old', longAgo);
  clock.advance(60_000);
  await push('new', clock.now());

  expect(await swept()).toContainEqual({
    text: 'images waiting',
    fields: { registry: 'contoso', waiting: 2, due: 1, oldestPushedOn: longAgo.toISOString() },
  });

  bridge.clearFaults();
  clock.advance(60_000);
  await swept();
  expect((await swept()).map(({ text }) => text)).toEqual(['sweep']);
});

test('to count them takes no request more than to find those that are due', async () => {
  await bridge.put();
  const { tables } = bridge.cloud.standIns;
  const tomorrow = new Date(bridge.cloud.clock.now().getTime() + 86_400_000);
  const rows = Array.from({ length: 2_500 }, (_, i) => ({
    partitionKey: 'contoso',
    rowKey: dueKey(tomorrow, { repository: 'later', tag: `t${i}` }),
    kind: 'due',
  }));
  for (let from = 0; from < rows.length; from += 100)
    await tables.insert('images', rows.slice(from, from + 100));
  tables.requests.clear();

  const [found] = await swept();

  expect(found).toMatchObject({ text: 'images waiting', fields: { waiting: 1_000, due: 0 } });
  const asked = tables.requests
    .all()
    .filter(({ method, path }) => method === 'GET' && /\bimages\(\)/.test(path));
  expect(asked).toHaveLength(1);
});

test('a registry whose tokens hang keeps no other from its turn', async () => {
  const { clock, standIns, otherRegistries } = bridge.cloud;
  const [fabrikam] = otherRegistries;
  const { resourceId = '' } = fabrikam ?? {};
  await bridge.put();
  await bridge.put({ resourceId }, 'fabrikam');
  const { pusher } = bridge.cloud.registry;
  const target = { registryUrl: fabrikam?.standIn.url ?? '', ...pusher, ca: bridge.tls.ca };
  await pushImage(target, 'other/app', image(), 'v1');
  await bridge.push('hanging/app:v1', image());
  standIns.coder.faults.add({ status: 503 });
  await bridge.pushed('hanging/app:v1');
  await handleEvent(bridge.services, pushEvent(resourceId, 'other/app:v1', clock.now()), bridge.log);
  bridge.clearFaults();
  clock.advance(3_600_000);

  standIns.registry.faults.add({ delayMs: 60_000 });
  const services = { ...bridge.anotherInstance(), importBudgetMs: 2_000 };
  await sweep(services, timeLimit(1_000), bridge.log);

  expect(await bridge.record('hanging/app:v1')).toMatchObject({
    state: 'pending',
    reason: 'registry-unavailable',
  });
  expect(bridge.inCoder('other/app')).toHaveLength(1);
});
