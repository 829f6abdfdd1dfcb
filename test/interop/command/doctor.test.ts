import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, startSampleApp } from '../../support/app.ts';
import { runCommand, runUnread } from '../../support/command.ts';

let app: App;

beforeAll(async () => {
  app = await startSampleApp();
});
afterAll(() => app.close());

const doctor = (args: string[] = [], env: Record<string, string> = {}) =>
  runCommand(app, ['doctor', ...args], env);

test('it shows each thing that is well, of every registry, and ends well', async () => {
  const { code, stdout } = await doctor();

  expect(stdout).toMatch(/^contoso at http:\/\//);
  expect(stdout).toContain('  ✓ coder-token         Coder accepts the session token.\n');
  expect(stdout).toMatch(/\nNothing is wrong\.\n$/);
  expect(code).toBe(0);
});

test('it shows what is wrong with its remedy, in colour where that is wanted, and ends with 1', async () => {
  app.environment.cloud.standIns.coder.faults.add({ status: 503 });

  const { code, stdout } = await doctor(['contoso'], { FORCE_COLOR: '1' });
  const json = await doctor(['contoso', '--json']);

  app.clearFaults();
  expect(stdout).toContain('\u001B[31mcoder-unavailable\u001B[39m');
  const plain = stripVTControlCharacters(stdout);
  expect(plain).toMatch(/ {2}✗ coder-reachable {5}coder-unavailable: Coder: 503.*\n +Check that Coder is up/);
  expect(plain).toContain('  – coder-token         Not checked: it needs coder-reachable.\n');
  expect(plain).toMatch(/\n1 wrong, 5 not checked\.\n$/);
  expect(code).toBe(1);
  expect(JSON.parse(json.stdout).items).toMatchObject([{ registry: 'contoso', ok: false }]);
  expect(json.code).toBe(1);
});

test('it ends quietly when no reader of its output is left', async () => {
  expect(await runUnread(app, ['doctor'])).toMatchObject({ code: 0, stderr: '' });
});

test.each([
  ['an unknown registry', ['unknown'], {}, /There is no registry unknown/, 2],
  ['an unknown option', ['--nope'], {}, /--nope/, 2],
  ['no key', [], { BRIDGE_KEY: '' }, /needs a key: use --key/, 3],
  ['a wrong key', ['--key', 'wrong'], {}, /refuses this key or token: use --key/, 3],
  ['a port without a server', ['--url', 'http://127.0.0.1:9'], {}, /127\.0\.0\.1:9 does not answer/, 3],
])('of %s it says what to do, and ends with its code', async (_, args, env, says, ends) => {
  const { code, stderr } = await doctor(args, env);

  expect(stderr).toMatch(says);
  expect(stderr).not.toContain('    at ');
  expect(code).toBe(ends);
});
