import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FOLDER, unquote } from './bicep.ts';
import { fileNamed } from './deployed-app.ts';

const readme = readFileSync(join(FOLDER, '..', '..', 'README.md'), 'utf8');
const given: Record<string, { value: string }> = JSON.parse(
  readFileSync(join(FOLDER, 'main.parameters.json'), 'utf8'),
).parameters;

test('the README lists every parameter of main.bicep: variable, default and meaning', () => {
  const [, table = ''] =
    /<!-- azure-parameters -->\n([\s\S]*?)<!-- \/azure-parameters -->/.exec(readme) ?? [];
  const { params } = fileNamed('main.bicep');

  expect(table.trim().split('\n').slice(2).sort()).toEqual(
    params
      .map(({ symbol, default: node, description }) => {
        const [, variable] = /\{(\w+)/.exec(given[symbol]?.value ?? '') ?? [];
        const value = node ? unquote(node) : undefined;
        const standard = value === undefined ? 'required' : value === '' ? '–' : `\`${value}\``;
        return `| \`${symbol}\` | \`${variable}\` | ${standard} | ${description} |`;
      })
      .sort(),
  );
});
