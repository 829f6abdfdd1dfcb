import type { Node } from 'web-tree-sitter';
import { errorAt } from './error.ts';
import { named } from './parse.ts';
import type { Evaluate, Scope } from './scope.ts';
import { textOf, UNKNOWN, type Value } from './value.ts';

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

/** A text with `${…}` in it, in quotes or as heredoc. */
export function evaluateText(node: Node, scope: Scope, evaluate: Evaluate): Value {
  const isHeredoc = node.type === 'heredoc_template';
  const parts: Value[] = [];
  for (const part of partsOf(node)) {
    if (typeof part === 'string') parts.push(isHeredoc ? part : readEscapes(part));
    else parts.push(evaluateInterpolation(part, scope, evaluate));
  }
  // A text that is nothing but one interpolation is what that is, a list too.
  if (!isHeredoc && parts.length === 1) return parts[0] as Value;
  if (parts.includes(UNKNOWN)) return UNKNOWN;
  const texts = parts.map(textOf);
  if (texts.includes(undefined)) throw errorAt(node, 'Invalid template interpolation value');
  const text = texts.join('');
  return isHeredoc && node.text.startsWith('<<-') ? withoutIndent(text) : text;
}

function evaluateInterpolation(node: Node, scope: Scope, evaluate: Evaluate): Value {
  const [expression] = named(node).filter(({ type }) => type === 'expression');
  if (node.type !== 'template_interpolation' || !expression) {
    throw errorAt(node, 'The stand-in does not evaluate template directives');
  }
  return evaluate(expression, scope);
}

/** Literal texts and interpolations in turn. The grammar leaves out white space at edges, so texts come from the source. */
function partsOf(node: Node): (string | Node)[] {
  const [start, end] = limits(node);
  const special = named(node).filter(
    ({ type }) => type.startsWith('template_') && type !== 'template_literal',
  );
  const parts: (string | Node)[] = [];
  let at = start;
  for (const interpolation of special) {
    parts.push(sourceOf(node, at, interpolation.startIndex), interpolation);
    at = interpolation.endIndex;
  }
  parts.push(sourceOf(node, at, end));
  const filled = parts.filter(part => part !== '');
  return filled.length > 0 ? filled : [''];
}

/** Where the text begins and ends in the source: without quotes, or without the lines of the heredoc's name. */
function limits(node: Node): [start: number, end: number] {
  if (node.type !== 'heredoc_template') return [node.startIndex + 1, node.endIndex - 1];
  const first = node.startIndex + node.text.indexOf('\n') + 1;
  const last = node.startIndex + node.text.trimEnd().lastIndexOf('\n') + 1;
  return [first, Math.max(first, last)];
}

function sourceOf(node: Node, from: number, to: number): string {
  return node.text.slice(from - node.startIndex, to - node.startIndex);
}

function readEscapes(text: string): string {
  return text
    .replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code, char) =>
      code ? String.fromCharCode(Number.parseInt(code, 16)) : (ESCAPES[char] ?? char),
    )
    .replaceAll('$${', '${');
}

/** `<<-` takes away as much indent as all lines share. */
function withoutIndent(text: string): string {
  const lines = text.split('\n');
  const indents = lines.filter(line => line.trim() !== '').map(line => line.length - line.trimStart().length);
  const shared = Math.min(...indents);
  return lines.map(line => line.slice(shared)).join('\n');
}
