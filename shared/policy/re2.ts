import { RE2JS } from 're2js';

/** The time to match a tag grows with the size of the program, up to some 20 µs for each instruction. */
const LARGEST_PROGRAM = 500;
/** Compiled expressions that are kept for the next reading of the same policies. */
const MOST_KEPT = 5_000;

/** What a text matches as a whole, or not. */
export type Pattern = Pick<RE2JS, 'matches' | 'programSize'>;

const kept = new Map<string, Pattern>();

/**
 * Compiles an expression for RE2, which matches in linear time whatever the expression. The same expression is
 * compiled once for all policies that have it.
 *
 * @throws Error when RE2 does not accept it, or its program would be too large
 */
export function compileRe2(expression: string): Pattern {
  const program = kept.get(expression) ?? compile(expression);
  kept.delete(expression);
  kept.set(expression, program);
  const [oldest] = kept.keys();
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
  return program;
}

function compile(expression: string): Pattern {
  // To compile `(.{50}){1000}` only to see its size would take a tenth of a second.
  if (estimateSize(expression) > 4 * LARGEST_PROGRAM) throw tooLarge();
  const program = RE2JS.compile(expression);
  if (program.programSize() > LARGEST_PROGRAM) throw tooLarge();
  return program;
}

function tooLarge(): Error {
  return new Error('its counted repetitions, such as {0,100}, make it too large');
}

/** What may be repeated as a whole, the counts, and what opens and closes a group. */
const TOKENS = /\\Q.*?(?:\\E|$)|\\[pPx]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|\[:|[^\]])*\]|\{(\d+)(?:,(\d*))?\}|./gsu;

/** Roughly how many instructions an expression takes: RE2 writes out what is counted as often as it may occur. */
function estimateSize(expression: string): number {
  const groups = [0];
  let last = 0;
  const add = (size: number) => {
    groups.push((groups.pop() ?? 0) + size);
  };
  for (const [token, least, most] of expression.matchAll(TOKENS)) {
    if (least !== undefined) {
      const times = Math.max(1, Number(most || least));
      add(last * (times - 1));
      last *= times;
    } else if (token === '(') {
      groups.push(0);
    } else if (token === ')' && groups.length > 1) {
      last = groups.pop() ?? 0;
      add(last);
    } else {
      last = 1;
      add(1);
    }
  }
  return groups.reduce((sum, size) => sum + size);
}
