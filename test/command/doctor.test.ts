import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, startSampleApp } from '../support/app.ts';

const ROOT = join(import.meta.dirname, '..', '..');
let app: App;

beforeAll(async () => {
  app = await startSampleApp();
});
afterAll(() => app.close());

/** What the script prints, and how it ends. */
function doctor(args: string[] = [], env: Record<string, string> = {}) {
  const { host, keys } = app.environment;
  // As `npm start` prints it.
  const bridge = { BRIDGE_URL: `${host.url}/api`, BRIDGE_KEY: keys.host };
  const command = ['--import', 'tsx', join(ROOT, 'infra', 'doctor.ts'), ...args];
  return new Promise<{ code: unknown; text: string }>(resolve => {
    const options = { cwd: ROOT, env: { PATH: process.env.PATH, ...bridge, ...env } };
    execFile(process.execPath, command, options, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, text: stdout + stderr }),
    );
  });
}

test('it shows each thing that is well, of every registry, and ends well', async () => {
  const { code, text } = await doctor();

  expect(text).toContain('\ncontoso at http://');
  expect(text).toContain('  ✓ coder-token         Coder accepts the session token.\n');
  expect(text).toMatch(/\nNothing is wrong\.\n$/);
  expect(code).toBe(0);
});

test('it shows what is wrong with its remedy, in colour where that is wanted, and ends with 1', async () => {
  app.environment.cloud.standIns.coder.faults.add({ status: 503 });

  const { code, text } = await doctor(['contoso'], { FORCE_COLOR: '1' });

  app.clearFaults();
  expect(text).toContain('\u001B[31mcoder-unavailable\u001B[39m');
  const plain = stripVTControlCharacters(text);
  expect(plain).toMatch(/ {2}✗ coder-reachable {5}coder-unavailable: Coder: 503.*\n +Check that Coder is up/);
  expect(plain).toContain('  – coder-token         Not checked: it needs coder-reachable.\n');
  expect(plain).toMatch(/\n1 wrong, 5 not checked\.\n$/);
  expect(code).toBe(1);
});

test.each([
  ['an unknown registry', ['unknown'], {}, /There is no registry unknown/],
  ['no key', [], { BRIDGE_KEY: '' }, /needs a key: use --key/],
  ['a wrong key', ['--key', 'wrong'], {}, /refuses this key or token: use --key/],
  ['a port without a server', ['--url', 'http://127.0.0.1:9'], {}, /127\.0\.0\.1:9 does not answer/],
  ['an unknown option', ['--nope'], {}, /--nope/],
])('of %s it says what to do, and ends with 2', async (_, args, env, says) => {
  const { code, text } = await doctor(args, env);

  expect(text).toMatch(says);
  expect(text).not.toContain('    at ');
  expect(code).toBe(2);
});
