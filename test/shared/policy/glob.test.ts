import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileGlob } from '../../../shared/policy/glob.ts';

// The documented syntax, against a matcher that is slow and obvious: it tries every choice, and every length of a star.

const { glob } = fc.letrec<{ glob: string; piece: string; choices: string }>(tie => ({
  glob: fc.array(tie('piece'), { minLength: 1, maxLength: 6 }).map(pieces => pieces.join('')),
  piece: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', '.', '/', '/', '*', '**', '**/', '?', '[ab]', '[a-b.]', '[!a]', '[^b.]'),
    tie('choices'),
  ),
  choices: fc.array(tie('glob'), { minLength: 2, maxLength: 3 }).map(globs => `{${globs.join(',')}}`),
}));
const name = fc
  .array(fc.stringMatching(/^[ab.]{1,3}$/), { minLength: 1, maxLength: 4 })
  .map(parts => parts.join('/'));

/** Signs for `**` where it is a whole part of a name, with the slash behind it and without. */
const PARTS = '\u0001';
const REST = '\u0002';

test('a glob matches what the slow matcher says', () => {
  let matched = 0;
  fc.assert(
    fc.property(glob, fc.array(name, { minLength: 5, maxLength: 5 }), (text, names) => {
      fc.pre(text.length <= 80);
      const pattern = compileGlob(text);
      const alternatives = expand(mark(text));
      for (const each of names) {
        const expected = alternatives.some(alternative => matches(alternative, each));
        if (expected) matched += 1;
        expect([text, each, pattern.matches(each)]).toEqual([text, each, expected]);
      }
    }),
    { numRuns: 500 },
  );
  expect(matched).toBeGreaterThan(100);
});

function mark(text: string): string {
  let marked = '';
  for (let i = 0; i < text.length; ) {
    const stars = /^\*+/.exec(text.slice(i))?.[0] ?? '';
    const [before = '', after = ''] = [text[i - 1], text[i + stars.length]];
    const isWhole = stars === '**' && ['', '/', '{', ','].includes(before);
    if (isWhole && after === '/') {
      marked += PARTS;
      i += 3;
    } else if (stars) {
      marked += isWhole && ['', '}', ','].includes(after) ? REST : '*';
      i += stars.length;
    } else {
      marked += text[i];
      i += 1;
    }
  }
  return marked;
}

/** Every text without braces that a glob stands for. */
function expand(text: string): string[] {
  const [whole, choices] = /\{([^{}]*)\}/.exec(text) ?? [];
  if (whole === undefined || choices === undefined) return [text];
  return choices.split(',').flatMap(choice => expand(text.replace(whole, () => choice)));
}

function matches(text: string, name: string): boolean {
  if (text === '') return name === '';
  const [first = ''] = text;
  const rest = text.slice(1);
  const heads = Array.from({ length: name.length + 1 }, (_, length) => name.slice(0, length));
  const after = (isHead: (head: string) => boolean, tail = rest) =>
    heads.some(head => isHead(head) && matches(tail, name.slice(head.length)));
  if (first === REST) return after(() => true);
  if (first === PARTS) return after(head => head === '' || head.endsWith('/'));
  if (first === '*') return after(head => !head.includes('/'));
  if (first === '?') return after(head => head.length === 1 && head !== '/');
  const [set, not, members = ''] = /^\[([!^]?)(.*?)\]/.exec(text) ?? [];
  if (set !== undefined) {
    const among = members.replace('a-b', 'ab');
    const isOne = (head: string) => head.length === 1 && head !== '/' && among.includes(head) === !not;
    return after(isOne, text.slice(set.length));
  }
  return after(head => head === first);
}
