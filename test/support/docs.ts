import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { CoderGeneration } from '../../infra/local/cloud.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** The README and every page of docs/, as paths from the root of the repository. */
export const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter(name => name.endsWith('.md'))
    .sort()
    .map(name => `docs/${name}`),
];

/** Pages about what only Coder Classic does; the others show Coder v2. */
const CLASSIC_PAGES = ['docs/coder-classic.md'];

/** The Coder that the commands and answers of a page are about. */
export function generationOf(page: string): CoderGeneration {
  return CLASSIC_PAGES.includes(page) ? 'classic' : 'v2';
}

/** A file of the repository. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The text of a page between `<!-- name -->` and `<!-- /name -->`. */
export function marked(page: string, name: string): string {
  const [, text] = readText(page).split(new RegExp(`<!-- /?${name} -->\n`));
  if (text === undefined) throw new Error(`${page} has no marks named ${name}.`);
  return text;
}

/** The cells of a Markdown table's rows, without its two head lines. */
export function rowsOf(table: string): string[][] {
  const lines = table.trim().split('\n').slice(2);
  return lines.map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  );
}

/** Expects this text between two marks of a page. With UPDATE_DOCS=1 (`npm run docs`) the text is written there. */
export function expectMarked(page: string, name: string, expected: string): void {
  const around = (text: string) => `<!-- ${name} -->\n${text}<!-- /${name} -->\n`;
  expectText(page, name, around(marked(page, name)), around(expected));
}

/** The same for the code block that follows a line of a page. */
export function expectBlockAfter(page: string, line: string, language: string, expected: string): void {
  const opened = `${line}\n\`\`\`${language}\n`;
  const [, rest] = readText(page).split(opened);
  if (rest === undefined) throw new Error(`${page} has no block ${language} after: ${line}`);
  const [found = ''] = rest.split(/^```$/m, 1);
  const around = (text: string) => `${opened}${text}\`\`\`\n`;
  expectText(page, line, around(found), around(`${expected}\n`));
}

function expectText(page: string, where: string, found: string, expected: string): void {
  if (!process.env.UPDATE_DOCS) {
    expect(found, `${page}, ${where}; npm run docs writes it`).toBe(expected);
    return;
  }
  writeFileSync(
    join(ROOT, page),
    readText(page).replace(found, () => expected),
  );
}

/** A Markdown table. */
export function tableOf(head: string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => ''), ...rows].map((cells, i) =>
    i === 1 ? `|${cells.map(() => '---|').join('')}` : `| ${cells.join(' | ')} |`,
  );
  return `${lines.join('\n')}\n`;
}
