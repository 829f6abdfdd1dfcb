import { quote } from '../azure/az-commands.ts';
import { DONE_BY_AZD, EXPECT, IN_ANY_CASE } from './markdown.ts';
import { type Command, type SetupGuide, Step } from './schema.ts';

/** The values for a template, by name. */
export type Values = Readonly<Record<string, string>>;

/** A fenced block with its language and its content, or a paragraph, a table or a heading. */
const BLOCK = /^```(\w+)\n([\s\S]*?)\n```$|^.+(?:\n.+)*/gm;

/**
 * Reads a template: a guide in the form of `toMarkdown`, without its placeholders, and with names of values. It fills
 * in
 * values only after it has split the text, so that no value can end its block.
 */
export function readTemplate(
  template: string,
  values: Values,
): Pick<SetupGuide, 'title' | 'about' | 'steps'> {
  const [head = '', ...sections] = template.replace(/^<!--[\s\S]*?-->\n/gm, '').split(/^## /m);
  const [[title = ''] = [], [about = ''] = []] = head.matchAll(BLOCK);
  return {
    title: fill(title.replace(/^# /, ''), values),
    about: fill(unwrap(about), values),
    steps: sections.map(section => readStep(section, values)),
  };
}

function readStep(section: string, values: Values): Step {
  const [[heading = ''] = [], ...blocks] = section.matchAll(BLOCK);
  const step: Partial<Step> = { heading: fill(heading, values) };
  const commands: Command[] = [];
  let when: string | undefined;
  for (const [block, language, content = ''] of blocks) {
    if (block === EXPECT) continue;
    const last = commands.at(-1);
    if (language === 'sh') commands.push({ ...(when && { when }), run: fill(content, values, quote) });
    else if (language === 'text' && last) last.expect = fill(content, values);
    else if (language === 'yaml') step.values = fill(`${content}\n`, values);
    else if (language === 'diff') step.diff = fill(`${content}\n`, values);
    else if (block.startsWith('|')) step.troubles = readTroubles(block, values);
    else if (block === DONE_BY_AZD) step.doneByAzd = true;
    else if (block === IN_ANY_CASE) when = undefined;
    else if (block.endsWith(':')) when = fill(block.slice(0, -1), values);
    else if (step.why === undefined) step.why = fill(unwrap(block), values);
    else throw new Error(`A step of the setup guide cannot contain this block: ${block}`);
  }
  const { diff, ...others } = step;
  return Step.parse({ ...others, ...(diff?.trim() && { diff }), commands });
}

function readTroubles(table: string, values: Values): Step['troubles'] {
  return rowsOf(table)
    .map(cells => cells.map(cell => fill(cell, values)))
    .map(([sign = '', meaning = '', remedy = '']) => ({ sign, meaning, remedy }));
}

/** The cells of a table, without its head. */
export function rowsOf(table: string): string[][] {
  const [, , ...rows] = table.trim().split('\n');
  return rows.map(row =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map(cell => cell.trim().replaceAll('\\|', '|')),
  );
}

/** Puts values where the text says `{{name}}`, through `toWord`, or `{{&name}}`, as they are. */
function fill(text: string, values: Values, toWord = (value: string) => value): string {
  return text.replace(/\{\{(&?)([\w. ]+)\}\}/g, (_, asIs: string, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The setup guide has no value for {{${name}}}.`);
    return asIs ? value : toWord(value);
  });
}

/** A paragraph as one line. */
function unwrap(paragraph: string): string {
  return paragraph.replaceAll('\n', ' ');
}
