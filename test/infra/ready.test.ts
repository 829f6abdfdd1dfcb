import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readText } from '../support/docs.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** A checkout without its packages. */
let checkout: string;

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'checkout-'));
  await mkdir(join(checkout, 'infra'));
  for (const file of ['infra/ready.cjs', 'package.json']) await cp(join(ROOT, file), join(checkout, file));
  await cp(join(ROOT, 'command'), join(checkout, 'command'), { recursive: true });
});
afterAll(() => rm(checkout, { recursive: true }));

/** Runs a program of a checkout in a Node of this version. */
function run(folder: string, program: string, version = process.versions.node) {
  const script = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); require('./${program}')`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    cwd: folder,
    encoding: 'utf8',
  });
  return [status, stdout + stderr];
}

test.each(['18.20.4', '20.18.3'])('Node %s is refused in one line, before anything else', version => {
  const line = `This is Node ${version}; the bridge needs Node 20.19 or later (https://nodejs.org).\n`;

  expect(run(checkout, 'infra/ready.cjs', version)).toEqual([2, line]);
  expect(run(checkout, 'command/bin.cjs', version)).toEqual([2, line]);
});

test('without npm ci one line says so', () => {
  const line = expect.stringMatching(/^Run npm ci in .+ first: its packages are not installed\.\n$/);

  expect(run(checkout, 'infra/ready.cjs')).toEqual([2, line]);
  expect(run(checkout, 'command/bin.cjs')).toEqual([2, line]);
});

test.each(['20.19.0', '22.1.0', '24.0.0'])('Node %s with the packages is fine', version => {
  expect(run(ROOT, 'infra/ready.cjs', version)).toEqual([0, '']);
});

test('npm start asks this before it builds', () => {
  expect(JSON.parse(readText('package.json')).scripts.prestart).toMatch(/^node infra\/ready\.cjs && /);
});
