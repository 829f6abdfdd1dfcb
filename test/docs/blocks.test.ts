import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { EXIT_MEANING } from '../../command/exit.ts';
import { createProgram } from '../../command/program.ts';
import { parseHcl } from '../../infra/local/stand-ins/coder-v2/hcl/parse.ts';
import { expectMarked, PAGES, readText, tableOf } from '../support/docs.ts';

/** The blocks of a language in a page. */
const blocksOf = (page: string, language: string) =>
  [...readText(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, block = '']) => block,
  );
const all = (language: string) =>
  PAGES.flatMap(page => blocksOf(page, language).map((block, i) => ({ page, block, name: `${page} ${i}` })));

/** The shell scripts of a job: GitHub's `run`, and `script` and `inlineScript` of Azure Pipelines. */
function scriptsIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(scriptsIn);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    ['run', 'script', 'inlineScript'].includes(key) && typeof value === 'string' ? [value] : scriptsIn(value),
  );
}

describe.each(all('yaml'))('the YAML of $name', ({ block }) => {
  const document = parseDocument(block, { strict: true });

  test('is YAML, and its scripts are syntax that bash accepts', () => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    for (const script of scriptsIn(document.toJS())) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
      expect([status, stderr], script).toEqual([0, '']);
    }
  });

  test('calls the command with a verb and options that it has', () => {
    for (const script of scriptsIn(document.toJS())) {
      for (const [, verbName, rest = ''] of script.matchAll(/\bbin\.cjs (\S+)(.*)/g)) {
        const verb = createProgram().commands.find(one => one.name() === verbName);
        const options = verb?.options.map(({ long }) => long);
        expect(options).toEqual(expect.arrayContaining(rest.match(/--[\w-]+/g) ?? []));
      }
    }
  });
});

test.each(all('hcl'))('the Terraform of $name is HCL', ({ block, page }) => {
  expect(() => parseHcl(block, page)).not.toThrow();
});

test('the docs show a job of each kind that waits, and Terraform', () => {
  const jobs = blocksOf('docs/wait-in-ci.md', 'yaml');

  expect(jobs).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/bin\.cjs wait /)));
  expect(blocksOf('docs/wait-in-ci.md', 'hcl')).toHaveLength(1);
});

test('the docs list every verb of the command', () => {
  const rows = createProgram().commands.map(verb => {
    const args = verb.registeredArguments.map(argument => {
      const name = argument.variadic ? `${argument.name()}…` : argument.name();
      return argument.required ? ` <${name}>` : ` [${name}]`;
    });
    return [`\`${verb.name()}${args.join('')}\``, verb.description()];
  });

  expectMarked('docs/command.md', 'verbs', tableOf(['verb', 'what it does'], rows));
});

test('the docs list every exit code of the command', () => {
  const rows = Object.entries(EXIT_MEANING).map(([code, meaning]) => [`\`${code}\``, meaning]);

  expectMarked('docs/command.md', 'exit-codes', tableOf(['code', 'what it means'], rows));
});
