import { afterAll, beforeAll, describe, test } from 'vitest';
import type { CoderGeneration } from '../../infra/local/cloud.ts';
import { image } from '../../infra/local/oci-image.ts';
import { type App, startSampleApp, until } from '../support/app.ts';
import { coderOf } from '../support/coder-v2.ts';
import { expectBlockAfter, generationOf, PAGES, readText } from '../support/docs.ts';

// The docs mark an example answer with the request that it answers:
//   <!-- answer to POST images with {"registry": …} while Coder is down -->

const MARK =
  /^<!-- answer to (?<method>[A-Z]+) (?<path>\S+)(?: with (?<body>\{.*\}))?(?: while (?<what>.*))? -->$/gm;

/** A registry shows `lastEventOn` once the timer has counted, which may be before or after it is asked. */
const NO_COUNT = { 'AzureWebJobs.reconcile.Disabled': 'true' };

const apps = {} as Record<CoderGeneration, App>;
beforeAll(async () => {
  apps.v2 = await startSampleApp({ coderGeneration: 'v2', settings: NO_COUNT });
  apps.classic = await startSampleApp({ coderGeneration: 'classic', settings: NO_COUNT });
});
afterAll(() => Promise.all(Object.values(apps).map(app => app.close())));

/** What must be so before the request is made. */
const SITUATIONS: Record<string, (app: App) => Promise<void>> = {
  async 'Coder is down'(app) {
    coderOf(app.environment.cloud).faults.add({ status: 503 });
    await app.push('samples/workspace:v2', image());
    await until(async () => (await app.record('samples/workspace:v2'))?.state === 'pending');
  },
};

/** Times by the names of their fields, so that an example tells one story. */
const TIMES: Record<string, string> = {
  createdOn: '2026-11-02T09:30:00.000Z',
  issuedOn: '2026-11-02T09:30:00.000Z',
  pushedOn: '2026-11-02T09:31:07.120Z',
  importedOn: '2026-11-02T09:31:08.904Z',
  updatedOn: '2026-11-02T09:31:08.904Z',
  since: '2026-11-02T09:31:07.200Z',
  nextAttemptOn: '2026-11-02T09:31:14.250Z',
};

/** What differs from run to run, in place of it one value for all runs. */
function settle(key: string, value: unknown): unknown {
  if (key in TIMES) return TIMES[key];
  if (key === 'latencyMs') return 1_784;
  if (key === 'importMs') return 1_402;
  if (key === 'attempts') return 1;
  if (typeof value !== 'string') return value;
  return value
    .replaceAll(
      /sha256:[0-9a-f]{64}/g,
      `sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865`,
    )
    .replaceAll(/\bacr-(\w+)-[0-9a-f]{8}-[0-9a-f]{8}\b/g, 'acr-$1-4355a46b-3c9e11aa')
    .replaceAll(/(?:localhost|127\.0\.0\.1):\d+/g, 'contoso.azurecr.io')
    .replaceAll(
      /(?<!subscriptions\/)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g,
      '5f2c1c2e-98b0-4f8e-a6a3-2d3a4f0e7c11',
    );
}

const marks = PAGES.flatMap(page =>
  [...readText(page).matchAll(MARK)].map(({ 0: line, groups }) => ({ page, line, ...groups })),
) as { page: string; line: string; method: string; path: string; body?: string; what?: string }[];

describe('the docs show what the bridge answers', () => {
  test.each(marks)('$method $path in $page', async ({ page, line, method, path, body, what }) => {
    const app = apps[generationOf(page)];
    if (what) await SITUATIONS[what]?.(app);
    const { text } = await app.api(method, path, body && JSON.parse(body));
    app.clearFaults();

    expectBlockAfter(page, line, 'json', JSON.stringify(JSON.parse(text, settle), null, 2));
  });
});
