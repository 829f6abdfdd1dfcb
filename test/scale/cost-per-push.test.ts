import { afterAll, beforeAll, expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import type { LoggedRequest } from '../../infra/local/request-log.ts';
import type { ImageRecord } from '../../shared/records/image.ts';
import { imageKey } from '../../shared/records/keys.ts';
import { type Bridge, startBridge } from '../support/bridge.ts';
import { readText } from '../support/docs.ts';
import { partOf } from '../support/part.ts';
import { startReport } from './live-app.ts';

// What a push asks of each service, among few image records and among many.

const RECORDS = [10, 1_000, partOf(100_000)];
const INSERTED_AT_ONCE = 10_000;
/** Longer than an instance remembers a registry: no measured event finds it remembered. */
const LATER_MS = 11_000;
/** Longer than it remembers Coder's session token: each measurement begins with a new one, which outlasts it. */
const MUCH_LATER_MS = 600_000;
const SERVICES = ['entra', 'arm', 'keyVault', 'tables', 'registry', 'coder'] as const;
const KINDS = ['first push', 'new tag', 'moved tag', 'duplicate'] as const;

type Kind = (typeof KINDS)[number];
/** Requests without what is another each time, by who was asked. */
type Cost = Record<(typeof SERVICES)[number] | 'registry, by Coder', string[]>;

let bridge: Bridge;

beforeAll(async () => {
  bridge = await startBridge();
  await bridge.put();
});
afterAll(() => bridge.close());

test('a push asks every service as often among few image records as among many, and as the docs say', async () => {
  const report = startReport('cost');
  const costs = new Map<number, Record<Kind, Cost>>();
  for (const [i, records] of RECORDS.entries()) {
    await addRecords(records, RECORDS[i - 1] ?? 0, report);
    costs.set(records, await measure(`among-${records}`));
    report(`measured among ${records} records`);
  }

  const [few, ...more] = [...costs.values()] as [Record<Kind, Cost>, ...Record<Kind, Cost>[]];
  console.table(
    Object.fromEntries(
      [...costs].flatMap(([records, cost]) =>
        KINDS.map(kind => [`${kind} among ${records}`, counts(cost[kind])]),
      ),
    ),
  );
  for (const many of more) expect(many).toEqual(few);

  for (const kind of KINDS) expect(counts(few[kind])).toMatchObject({ entra: 0, arm: 0, keyVault: 0 });
  const sums = KINDS.map(kind => {
    const { tables, registry, coder } = counts(few[kind]);
    return `${tables} + ${registry} + ${coder} for a ${kind}`;
  });
  expect(docsSay()).toBe(`At most, requests to Table Storage + registry + Coder: ${sums.join(', ')}.`);
});

/** The sentence of the docs about the numbers. */
function docsSay(): string | undefined {
  const page = readText('docs/how-it-is-built.md');
  return /At most, requests to [^.]*\./.exec(page)?.[0].replaceAll(/\s+/g, ' ');
}

/** Adds records up to the given number; half of them are of the repository that gets the pushes. */
async function addRecords(wanted: number, there: number, report: (line: string) => void): Promise<void> {
  const records = Array.from({ length: wanted - there }, (_, i) => {
    const repository = i % 2 === 0 ? `among-${wanted}/known` : `elsewhere/app-${i % 500}`;
    return recordOf(repository, `seeded-${wanted}-${i}`, i);
  });
  for (let from = 0; from < records.length; from += INSERTED_AT_ONCE) {
    const some = records.slice(from, from + INSERTED_AT_ONCE).map(toRow);
    await bridge.cloud.standIns.tables.insert('images', some);
    report(`${there + from + some.length} of ${wanted} records are there`);
  }
  for (const record of records.slice(0, 10)) {
    expect(await bridge.services.images.get(record.registry, record)).toMatchObject(record);
  }
}

function recordOf(repository: string, tag: string, i: number): ImageRecord {
  const now = bridge.cloud.clock.now();
  const known = {
    ...{ registry: bridge.cloud.registry.name, repository, tag, pushedOn: now, updatedOn: now },
    ...({ heardBy: 'event', attempts: 0, digest: `sha256:${String(i).padStart(64, '0')}` } as const),
  };
  if (i % 10 === 8) {
    return { ...known, state: 'failed', reason: 'coder-rejected', message: 'Coder: 400, no.', attempts: 1 };
  }
  if (i % 10 === 9) {
    return { ...known, state: 'skipped', reason: 'not-an-image', message: 'It holds a Helm chart.' };
  }
  const id = `00000000-0000-0000-0000-${String(i).padStart(12, '0')}`;
  const inCoder = {
    importedOn: now,
    latencyMs: 2_000,
    memo: { coderImageId: id },
    coderDigest: known.digest,
  };
  return { ...known, state: 'imported', reason: 'tag-added', message: 'The tag was added.', ...inCoder };
}

/** As the app keeps it. */
function toRow(record: ImageRecord) {
  const { registry: partitionKey, memo, ...fields } = record;
  const json = memo && { memo: JSON.stringify(memo) };
  return { partitionKey, rowKey: imageKey(record), kind: 'image', ...fields, ...json };
}

async function measure(folder: string): Promise<Record<Kind, Cost>> {
  bridge.cloud.clock.advance(MUCH_LATER_MS);
  // So that there are tokens, and that Coder has the repository of those records.
  await push(`${folder}/known:v0`, 'zero');
  await costOf(`${folder}/known:v0`, 'image-created');

  await push(`${folder}/new:v0`, 'zero');
  const firstPush = await costOf(`${folder}/new:v0`, 'image-created');
  await push(`${folder}/known:v1`, 'one');
  const newTag = await costOf(`${folder}/known:v1`, 'tag-added');
  await push(`${folder}/known:v1`, 'two');
  const movedTag = await costOf(`${folder}/known:v1`, 'tag-refreshed');
  const duplicate = await costOf(`${folder}/known:v1`, 'tag-refreshed');
  return { 'first push': firstPush, 'new tag': newTag, 'moved tag': movedTag, duplicate };
}

const push = (reference: string, content: string) => bridge.push(reference, image({ content }));

/** What is asked because of the event. @param reason what the record says after it */
async function costOf(reference: string, reason: string): Promise<Cost> {
  const { clock, standIns } = bridge.cloud;
  clock.advance(LATER_MS);
  for (const service of SERVICES) standIns[service].requests.clear();
  await bridge.pushed(reference);
  const asked = SERVICES.map(service => {
    const requests = standIns[service].requests.all().filter(request => !isOfCoder(request));
    return [service, withoutPolls(requests.map(shapeOf)).sort()];
  });
  const ofCoder = standIns.registry.requests.all().filter(isOfCoder).map(shapeOf).sort();
  expect(await bridge.record(reference)).toMatchObject({ state: 'imported', reason });
  return { ...Object.fromEntries(asked), 'registry, by Coder': ofCoder };
}

/** Coder asks the registry in other words than the SDK of the bridge does. */
function isOfCoder({ method, path }: LoggedRequest): boolean {
  return /^\/v2\/[^/]+\/[^/]+\/manifests\//.test(path) || (method === 'GET' && path.startsWith('/oauth2/'));
}

function shapeOf({ method, path }: LoggedRequest): string {
  const shape = path
    .replace(/\d{4}-\d\d-\d\dT[^!]*?Z/, '{time}')
    .replace(/[0-9a-f]{64}/g, '{digest}')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '{id}')
    .replace(/among-\d+/, '{folder}');
  return `${method} ${shape}`;
}

/** The bridge looks at a tag until Coder has read its new digest, which takes Coder one look or several. */
function withoutPolls(shapes: string[]): string[] {
  return shapes.filter((shape, i) => shape !== shapes[i - 1] || !/^GET .*\/tags\//.test(shape));
}

function counts(cost: Cost): Record<keyof Cost, number> {
  const entries = Object.entries(cost).map(([service, shapes]) => [service, shapes.length]);
  return Object.fromEntries(entries);
}
