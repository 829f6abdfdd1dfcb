import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CoderGeneration } from '../../infra/local/cloud.ts';
import { describeForShells } from '../../infra/local/welcome.ts';
import { type App, startSampleApp } from '../support/app.ts';
import { generationOf, PAGES, readText } from '../support/docs.ts';

const apps = {} as Record<CoderGeneration, App>;
/** Where the blocks run: the file with docker's logins is as `npm start` writes it. */
let folder: string;

beforeAll(async () => {
  apps.v2 = await startSampleApp({ coderGeneration: 'v2' });
  apps.classic = await startSampleApp({ coderGeneration: 'classic' });
  folder = await mkdtemp(join(tmpdir(), 'docs-'));
  await mkdir(join(folder, '.local', 'docker'), { recursive: true });
  const { registry, standIns } = apps.v2.environment.cloud;
  const auth = Buffer.from(`${registry.pusher.username}:${registry.pusher.password}`).toString('base64');
  const logins = JSON.stringify({ auths: { [standIns.registry.loginServer]: { auth } } });
  await writeFile(join(folder, '.local', 'docker', 'config.json'), logins);
});
afterAll(async () => {
  await Promise.all(Object.values(apps).map(app => app.close()));
  await rm(folder, { recursive: true });
});

/** It comes last: while a credential is being rotated, the bridge refuses to change its registry. */
const ROTATES = 'docs/credentials.md';

/** Calls to the bridge; those left out need docker, Kubernetes or Azure, or end what later ones need. */
const blocks = PAGES.flatMap(page =>
  [...readText(page).matchAll(/^```sh\n(.*?)^```$/gms)]
    .map(([, block = '']) => ({ page, block }))
    .filter(({ block }) => block.includes('$FUNCTIONS/api'))
    .filter(({ block }) => !/\b(docker pull|docker push|kubectl|azd)\b|-X DELETE .*\$FUNCTIONS/.test(block)),
).sort((a, b) => Number(a.page === ROTATES) - Number(b.page === ROTATES));

test('the docs have calls to try', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(10);
});

test.each(blocks)('what $page says to type works: %#', async ({ page, block }) => {
  const app = apps[generationOf(page)];
  const script = [
    // As zsh does, bash then refuses a glob that matches nothing.
    'set -eu; shopt -s failglob',
    describeForShells(app.environment, app.tls.caFile),
    // An answer that is a problem fails the script.
    'curl() { command curl --fail-with-body "$@"; }',
    block.replaceAll(/^\. \.local\/env$/gm, ''),
  ].join('\n');

  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: folder });

  expect(stdout).not.toContain('about:blank');
});
