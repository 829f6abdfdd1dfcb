import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeForShells } from '../../infra/local/welcome.ts';
import { type App, startSampleApp } from '../support/app.ts';
import { PAGES, readText } from '../support/docs.ts';

let app: App;

beforeAll(async () => {
  app = await startSampleApp();
});
afterAll(() => app.close());

/** Calls to the bridge; those left out need docker, Kubernetes or Azure, or end what later ones need. */
const blocks = PAGES.flatMap(page =>
  [...readText(page).matchAll(/^```sh\n(.*?)^```$/gms)]
    .map(([, block = '']) => ({ page, block }))
    .filter(({ block }) => block.includes('$FUNCTIONS/api'))
    .filter(({ block }) => !/\b(docker|kubectl|azd)\b|-X DELETE .*\$FUNCTIONS/.test(block)),
);

test('the docs have calls to try', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(10);
});

test.each(blocks)('what $page says to type works: %#', async ({ block }) => {
  const script = [
    // As zsh does, bash then refuses a glob that matches nothing.
    'set -eu; shopt -s failglob',
    describeForShells(app.environment, app.tls.caFile),
    // An answer that is a problem fails the script.
    'curl() { command curl --fail-with-body "$@"; }',
    block.replaceAll(/^\. \.local\/env$/gm, ''),
  ].join('\n');

  const { stdout } = await promisify(execFile)('bash', ['-c', script]);

  expect(stdout).not.toContain('about:blank');
});
