import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAGES, readText } from '../support/docs.ts';
import { RIDDLE_WORDS } from './riddle-words.ts';

const AZURE = 'infra/azure';
const FILES = [
  ...PAGES,
  ...['CONTRIBUTING.md', '.github/pull_request_template.md', 'azure.yaml', 'infra/doctor.ts'],
  ...readdirSync(join(import.meta.dirname, '..', '..', AZURE), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(?:bicep|ts|kql)$/.test(name))
    .map(name => `${AZURE}/${name}`),
];
/** Tables that are copied from the code: their words belong to the code. */
const COPIED = /<!-- (reasons|differences|checks) -->.*?<!-- \/\1 -->|```json.*?```/gs;

test.each(FILES)('%s has no riddle words', file => {
  const lines = readText(file).replaceAll(COPIED, '').split('\n');

  expect(lines.filter(line => RIDDLE_WORDS.some(word => word.test(line)))).toEqual([]);
});
