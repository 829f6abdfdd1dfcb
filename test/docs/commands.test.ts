import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { describeForPeople } from '../../infra/local/welcome.ts';
import { expectBlockAfter, generationOf, PAGES, readText } from '../support/docs.ts';

const blocksOf = (page: string) =>
  [...readText(page).matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);

/** What deletes or revokes something that cannot be restored; stand-ins aside. */
const DANGEROUS =
  /-X DELETE .*FUNCTIONS|compromised=true|\bpurge\b|\bazd down\b|\baz (?:group|role definition) delete\b/;

/** Whole commands, with the lines that continue them. */
const commandsOf = (block: string) =>
  block
    .replaceAll(/(?:\\|\||&&)\n/g, ' ')
    .trim()
    .split('\n');

describe.each(PAGES)('the shell blocks of %s', page => {
  test('are syntax that bash accepts', () => {
    for (const block of blocksOf(page)) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: block, encoding: 'utf8' });
      expect([status, stderr], block).toEqual([0, '']);
    }
  });

  // An interactive zsh takes no comments, and refuses a glob without a match.
  test('can be pasted into zsh', () => {
    for (const block of blocksOf(page)) {
      const unquoted = block
        .replaceAll(/<<EOF\n.*?^EOF$/gms, '')
        .replaceAll(/"(?:\\.|[^"\\])*"|'[^']*'/gs, '');
      expect(unquoted.match(/(?:^|\s)#.*|\S*[?*[]\S*/g) ?? [], block).toEqual([]);
    }
  });

  test('have a command that cannot be undone only on its own', () => {
    const mixed = blocksOf(page).filter(block => DANGEROUS.test(block) && commandsOf(block).length > 1);

    expect(mixed).toEqual([]);
  });
});

test.each([
  ['README.md', 800],
  ['docs/coder-classic.md', 200],
])('%s shows what npm start says', (page, tookMs) => {
  const coder = { generation: generationOf(page), url: 'https://127.0.0.1:7080' };
  const registry = { loginServer: 'localhost:5443' };
  const environment = {
    cloud: { standIns: { registry }, coder },
    host: { url: 'http://127.0.0.1:7071' },
    keys: { host: 'KEY' },
  };
  const sample = { reference: 'contoso/samples/workspace:v1', digest: '', tookMs };

  const said = describeForPeople(environment as never, sample);
  expectBlockAfter(page, '<!-- output of npm start -->', 'text', said.trim());
});
