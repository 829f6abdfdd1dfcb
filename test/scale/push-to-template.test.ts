import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tarOfFiles } from '../../infra/local/folder-tar.ts';
import { image } from '../../infra/local/oci-image.ts';
import { addSampleRegistry } from '../../infra/local/sample.ts';
import { type App, startApp } from '../support/app.ts';
import { activeVersion, coderOf, createTemplate } from '../support/coder-v2.ts';
import { partOf } from '../support/part.ts';
import { startReport } from './live-app.ts';

// From a push to the template that names it, beside what a CI job takes that calls Coder itself.

const PUSHES = partOf(50);
const REPOSITORY = 'samples/workspace';
/** How often the CI job looks at its import. */
const LOOK_MS = 100;
/** The bridge reads the image, keeps records, and verifies the version before and after it promotes it. */
const MOST_TIMES = 4;

let app: App;

beforeAll(async () => {
  app = await startApp({ coderGeneration: 'v2' });
  await addSampleRegistry(app.environment);
});
afterAll(() => app.close());

test('a push is in the template nearly as soon as if a CI job had called Coder itself', async () => {
  const report = startReport('templates');
  await createTemplate(app.environment.cloud, 'ci');
  // Coder takes twelve files a minute, which is no matter of latency.
  coderOf(app.environment.cloud).switches.limits = { api: 10_000, files: 10_000, login: 60 };
  const [bridge, ci]: [number[], number[]] = [[], []];
  for (let i = 0; i < PUSHES; i += 1) {
    bridge.push(await byBridge(i));
    ci.push(await byCi(`docker.io/library/alpine:${i}`));
  }

  const [ours, theirs] = [summary(bridge), summary(ci)];
  console.table({ 'push to template, by the bridge': ours, 'the same, by a CI job': theirs });
  const ratio = ours.p50 / theirs.p50;
  report(`p50 of ${PUSHES} pushes: the bridge takes ${ratio.toFixed(2)} times as long as the CI job`);
  expect(ratio).toBeLessThan(MOST_TIMES);
});

/** Event Grid tells the bridge. @returns milliseconds from the end of the push */
async function byBridge(i: number): Promise<number> {
  const { requests } = coderOf(app.environment.cloud);
  requests.clear();
  const digest = await app.push(`${REPOSITORY}:v${i}`, image({ content: `push ${i}` }));
  const started = performance.now();
  const isPromoted = () =>
    requests
      .all()
      .some(({ method, path, status }) => method === 'PATCH' && /\/versions$/.test(path) && status === 200);
  while (!isPromoted()) await delay(5);
  const tookMs = performance.now() - started;
  expect(activeVersion(app.environment.cloud, 'kubernetes')?.image).toContain(digest);
  return tookMs;
}

/** Uploads the source, makes a version of it, waits for its import, and promotes it. @returns milliseconds */
async function byCi(value: string): Promise<number> {
  const { organizationId, state } = coderOf(app.environment.cloud);
  const template = state().templates.find(({ settings }) => settings.name === 'ci');
  const started = performance.now();
  const { hash } = await callCoder('POST', 'files', source());
  const version = await callCoder('POST', `organizations/${organizationId}/templateversions`, {
    ...{ template_id: template?.id, file_id: hash, storage_method: 'file', provisioner: 'terraform' },
    user_variable_values: [{ name: 'image', value }],
  });
  for (let seen = version; seen.job?.status !== 'succeeded'; ) {
    await delay(LOOK_MS);
    seen = await callCoder('GET', `templateversions/${version.id}`);
  }
  await callCoder('PATCH', `templates/${template?.id}/versions`, { id: version.id });
  const tookMs = performance.now() - started;
  expect(activeVersion(app.environment.cloud, 'ci')?.image).toBe(value);
  return tookMs;
}

/** With another comment each time, as what a CI job checks out. */
function source(): Buffer {
  return tarOfFiles({
    'main.tf': `variable "image" {\n  type    = string\n  default = ""\n}\n# ${Math.random()}\n`,
  });
}

interface Answered {
  id?: string;
  hash?: string;
  job?: { status: string };
}

async function callCoder(method: string, path: string, body?: object): Promise<Answered> {
  const { coder } = app.environment.cloud;
  const isTar = Buffer.isBuffer(body);
  const answer = await fetch(`${coder.url}/api/v2/${path}`, {
    method,
    headers: {
      'coder-session-token': coder.ownerToken ?? coder.token,
      'content-type': isTar ? 'application/x-tar' : 'application/json',
    },
    ...(body && { body: isTar ? new Uint8Array(body) : JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

function summary(times: readonly number[]): { p50: number; p95: number } {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.floor((sorted.length - 1) * part)] as number);
  return { p50: at(0.5), p95: at(0.95) };
}
