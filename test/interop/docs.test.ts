import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeForShells } from '../../infra/local/welcome.ts';
import { type App, startSampleApp } from '../support/app.ts';

let app: App;

beforeAll(async () => {
  app = await startSampleApp();
});
afterAll(() => app.close());

const readme = await readFile(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
/** What it tells to type at the bridge; those left out need docker, Kubernetes or Azure as well. */
const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)]
  .map(([, block = '']) => block)
  .filter(block => block.includes('$FUNCTIONS/api') && !/\b(docker|kubectl|azd)\b/.test(block));

test('the README has calls to try', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(3);
});

test.each(blocks)('what the README tells to type works: %#', async block => {
  const script = [
    'set -eu',
    describeForShells(app.environment, app.tls.caFile),
    // An answer that is a problem fails the script.
    'curl() { command curl --fail-with-body "$@"; }',
    block,
  ].join('\n');

  const { stdout } = await promisify(execFile)('bash', ['-c', script]);

  expect(stdout).toContain('contoso');
  expect(stdout).not.toContain('about:blank');
});
