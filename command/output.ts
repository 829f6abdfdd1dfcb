import { styleText } from 'node:util';

type Format = 'bold' | 'green' | 'red' | 'yellow' | 'gray';

/** In colour on a terminal, unless NO_COLOR says otherwise. */
export function paint(format: Format, text: string): string {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const isWanted = FORCE_COLOR || (process.stdout.isTTY && !NO_COLOR);
  return isWanted ? styleText(format, text, { validateStream: false }) : text;
}

/** The colour of a light, or of the state of an image. */
export function colorOf(word: string): Format {
  if (word === 'green' || word === 'imported') return 'green';
  if (word === 'red' || word === 'failed') return 'red';
  return word === 'amber' || word === 'pending' ? 'yellow' : 'gray';
}

/** As in `1 image` and `2 images`. */
export function numberOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** Lines with aligned columns. Only the first cell of a line may have a colour. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows
    .map(row => row.map((cell, i) => paintCell(cell, widths[i] ?? 0, i)).join('  '))
    .map(line => line.trimEnd())
    .join('\n');
}

function paintCell(cell: string, width: number, column: number): string {
  const padded = cell.padEnd(width);
  return column === 0 && LIT.has(cell) ? padded.replace(cell, paint(colorOf(cell), cell)) : padded;
}

const LIT = new Set(['green', 'amber', 'red', 'imported', 'pending', 'failed', 'skipped', 'removed']);

/** Prints the result for programs, or for people. */
export function print(isJson: boolean | undefined, answer: unknown, text: () => string): void {
  console.log(isJson ? JSON.stringify(answer, null, 2) : text());
}
