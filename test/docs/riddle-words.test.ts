import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAGES, readText } from '../support/docs.ts';
import { RIDDLE_WORDS } from './riddle-words.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDERS = ['command', 'console', 'infra/azure', 'infra/local', 'shared', 'functions', 'test'];
/** The list itself. */
const EXCEPTED = /^test\/docs\/riddle-words\.ts$/;
const FILES = [
  ...PAGES,
  ...['CONTRIBUTING.md', '.github/pull_request_template.md', 'azure.yaml', 'infra/ready.cjs'],
  ...FOLDERS.flatMap(filesIn).filter(file => !EXCEPTED.test(file)),
];

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(?:bicep|tsx?|kql|md|html)$/.test(name))
    .map(name => `${folder}/${name.replaceAll('\\', '/')}`);
}

test.each(FILES)('%s has no riddle words', file => {
  const lines = readText(file).split('\n');

  expect(lines.filter(line => RIDDLE_WORDS.some(word => word.test(line)))).toEqual([]);
});
