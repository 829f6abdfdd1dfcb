import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tarOfFiles, tarOfFolder } from '../../../infra/local/folder-tar.ts';
import { readTar } from '../../../infra/local/stand-ins/coder-v2/terraform/archive.ts';

test('a folder is packed with what is below it, in one order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'template-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'scripts'));
  await writeFile(join(folder, 'scripts', 'start.sh'), 'echo hello\n');
  await writeFile(join(folder, 'main.tf'), 'é'.repeat(600));

  const archive = await tarOfFolder(folder);

  expect([...readTar(archive)]).toEqual([
    ['main.tf', 'é'.repeat(600)],
    ['scripts/start.sh', 'echo hello\n'],
  ]);
  expect(archive).toEqual(tarOfFiles({ 'main.tf': 'é'.repeat(600), 'scripts/start.sh': 'echo hello\n' }));
});

test('a name that the format has no room for is refused', () => {
  expect(() => tarOfFiles({ ['x'.repeat(101)]: '' })).toThrow('too long a name');
});
