import { quote } from '../azure/az-commands.ts';
import type { Command, Placeholder, SetupGuide, Step } from './schema.ts';

/** The phrases that mark parts of a step. */
export const DONE_BY_AZD = '*Skip this if `azd up` connected the registry: it did this already.*';
export const IN_ANY_CASE = 'In any case:';
export const EXPECT = 'It prints:';

/** The guide as a document for people. */
export function toMarkdown({ title, about, placeholders, steps }: SetupGuide): string {
  const blocks = [
    `# ${title}`,
    about,
    '## What the bridge cannot know',
    'Names in capitals stand for these values: in commands they are variables, in YAML replace them with the value.',
    table(
      ['name', 'what it is', 'where to find it'],
      placeholders.map(({ name, meaning, find }) => [code(name), meaning, code(find)]),
    ),
    'Set these before you begin. The steps set the others.',
    fenced(
      'sh',
      placeholders
        .filter(({ setBy }) => setBy === 'you')
        .map(toExport)
        .join('\n'),
    ),
    ...steps.flatMap((step, i) => [`## ${i + 1}. ${step.heading}`, ...toBlocks(step)]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** Without a likely value, the placeholder gets one that is clearly a placeholder. */
function toExport({ name, default: likely }: Placeholder): string {
  return `export ${name}=${quote(likely ?? 'REPLACE_ME')}`;
}

function toBlocks({ doneByAzd, why, values, diff, commands, troubles = [] }: Step): string[] {
  return [
    ...(doneByAzd ? [DONE_BY_AZD] : []),
    why,
    ...(values ? [fenced('yaml', values.trimEnd())] : []),
    ...(diff ? [fenced('diff', diff.trimEnd())] : []),
    ...commands.flatMap((command, i) => commandBlocks(command, commands[i - 1])),
    ...(troubles.length > 0
      ? [
          table(
            ['if you see', 'it means', 'do'],
            troubles.map(({ sign, meaning, remedy }) => [sign, meaning, remedy]),
          ),
        ]
      : []),
  ];
}

function commandBlocks({ when, run, expect }: Command, previous: Command | undefined): string[] {
  return [
    ...(when && when !== previous?.when ? [`${when}:`] : []),
    ...(!when && previous?.when ? [IN_ANY_CASE] : []),
    fenced('sh', run),
    ...(expect ? [EXPECT, fenced('text', expect)] : []),
  ];
}

function table(heads: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  const ticks = longer(text, 1);
  const space = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${ticks}${space}${text.replaceAll('\n', ' ')}${space}${ticks}`;
}

function fenced(language: string, text: string): string {
  const fence = longer(text, 3);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** More backticks than the longest run in the text, and at least the given number. */
function longer(text: string, least: number): string {
  const runs = text.match(/`+/g)?.map(run => run.length + 1) ?? [];
  return '`'.repeat(Math.max(least, ...runs));
}
