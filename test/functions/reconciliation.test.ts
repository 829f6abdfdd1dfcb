import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import { addSampleRegistry } from '../../infra/local/sample.ts';
import { type App, startApp, until } from '../support/app.ts';

let app: App;

beforeAll(async () => {
  app = await startApp();
  // The events of these find no registry that was added.
  for (const reference of ['old/app:v1', 'old/app:v2', 'old/other:v1']) {
    await app.push(reference, image({ content: reference }));
  }
  await app.environment.cloud.standIns.eventGrid.idle();
  await addSampleRegistry(app.environment);
});
afterAll(() => app.close());

const get = async (path: string) => JSON.parse((await app.api('GET', path)).text);
const report = () => get('registries/contoso/reconciliation');
const completed = () =>
  until(async () => {
    const seen = await report();
    return seen.state === 'completed' && seen;
  });

describe('POST /registries/{name}/reconcile', () => {
  test('answers at once, and the report shows what became of what the registry held already', async () => {
    expect((await app.api('GET', 'registries/contoso/reconciliation')).status).toBe(404);

    const dry = await app.api('POST', 'registries/contoso/reconcile?dryRun=true');
    expect(dry.status).toBe(202);
    expect(JSON.parse(dry.text)).toMatchObject({ registry: 'contoso', state: 'running', dryRun: true });
    expect(await completed()).toMatchObject({
      dryRun: true,
      differences: { 'missed-push': 3 },
      outcomes: {},
    });
    expect(await app.record('old/app:v1')).toBeUndefined();

    const real = await app.api('POST', 'registries/contoso/reconcile');
    expect(real.location).toBe('/api/registries/contoso/reconciliation');
    expect(await completed()).toMatchObject({
      ...{ dryRun: false, total: 3, done: 3, repositories: { total: 2, done: 2 }, outcomes: { imported: 3 } },
      nextRunOn: expect.any(String),
    });
    expect((await report()).findings).toContainEqual({
      ...{ repository: 'old/app', tag: 'v1', difference: 'missed-push', state: 'imported' },
      ...{ reason: 'image-created', meaning: expect.any(String) },
    });
    expect(await app.record('old/app:v2')).toMatchObject({ state: 'imported' });
  });

  test.each([
    ['an unclear wish', 'POST', 'registries/contoso/reconcile?dryRun=perhaps'],
    ['an unknown field', 'POST', 'registries/contoso/reconcile?dryrun=true'],
    ['a window that is none', 'GET', 'registries/contoso/latency?minutes=0'],
  ])('%s is refused, with the reason', async (_, method, path) => {
    const answer = await app.api(method, path);

    expect([answer.status, answer.contentType]).toEqual([400, 'application/problem+json']);
    expect(JSON.parse(answer.text)).toMatchObject({ reason: 'invalid-request' });
  });
});

test.each([
  ['reconcile', '?dryRun=…'],
  ['rotate', '?dryRun=…&compromised=…'],
])('POST /registries/{name}/%s refuses a body, and names the query parameters', async (call, query) => {
  const before = (await app.api('GET', 'registries/contoso')).text;
  const { startedOn } = await report();

  const answer = await app.api('POST', `registries/contoso/${call}`, { dryRun: true });

  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.text)).toMatchObject({
    reason: 'invalid-request',
    detail: expect.stringContaining(query),
  });
  expect((await app.api('GET', 'registries/contoso')).text).toBe(before);
  expect((await report()).startedOn).toBe(startedOn);
});

test('GET /registries/{name}/latency sums up how long pushes with an event took', async () => {
  expect(await get('registries/contoso/latency')).toMatchObject({ registry: 'contoso', count: 0 });
  await app.push('new/app:v1', image());
  const record = await until(async () => {
    const seen = await app.record('new/app:v1');
    return seen?.state === 'imported' && (seen as unknown as { latencyMs: number });
  });

  const { latencyMs } = record;
  expect(latencyMs).toBeGreaterThanOrEqual(0);
  expect(await get('registries/contoso/latency?minutes=5')).toEqual({
    ...{ registry: 'contoso', since: expect.any(String) },
    ...{ count: 1, p50Ms: latencyMs, p95Ms: latencyMs, maxMs: latencyMs },
  });
  expect(app.logs.some(line => line.includes(`"latencyMs":${latencyMs}`))).toBe(true);
});
