import { expect, test } from 'vitest';
import { evaluateBody } from '../../../../../infra/local/stand-ins/coder-v2/hcl/body.ts';
import { HclError } from '../../../../../infra/local/stand-ins/coder-v2/hcl/error.ts';
import { parseHcl } from '../../../../../infra/local/stand-ins/coder-v2/hcl/parse.ts';
import type { Scope } from '../../../../../infra/local/stand-ins/coder-v2/hcl/scope.ts';
import { openObject, UNKNOWN } from '../../../../../infra/local/stand-ins/coder-v2/hcl/value.ts';

/** `var.list`, `var.unknown` and `pod.main` are there. */
const SCOPE: Scope = {
  names: new Map(),
  refer(name, [first]) {
    if (name === 'pod') return { value: openObject({ name: 'p' }), used: 1 };
    if (first === 'list') return { value: [{ id: 'a' }, { id: 'b' }], used: 1 };
    if (first === 'unknown') return { value: UNKNOWN, used: 1 };
    throw new HclError(`Error: ${name}.${first} is not declared`);
  },
};

function evaluate(text: string) {
  return evaluateBody(parseHcl(`value = ${text}\n`, 'main.tf'), SCOPE).value;
}

test.each([
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['-(3) < 4 && !false', true],
  ['"1" + 1', 2],
  ['1.5', 1.5],
  ['null', null],
  ['""', ''],
  [`"a-\${upper("b")}-\${1}"`, 'a-B-1'],
  [`"\${var.list}"`, [{ id: 'a' }, { id: 'b' }]],
  [`"\\n \\"q\\" \\\\ $\${x} \\u00e9"`, '\n "q" \\ $' + '{x} é'],
  [`"\${1} \${2}"`, '1 2'],
  [`<<EOT\n a\n  \${1} b\nEOT`, ' a\n  1 b\n'],
  ['<<-EOT\n    a\n      b\n  EOT', 'a\n  b\n'],
  ['[1, "a", null, true,]', [1, 'a', null, true]],
  ['{ a = 1, "b-c" : 2, (upper("d")) = 3 }', { a: 1, 'b-c': 2, D: 3 }],
  ['{ a = { b = [] } }', { a: { b: [] } }],
  ['var.list[1].id', 'b'],
  ['var.list.0.id', 'a'],
  ['var.list[*].id', ['a', 'b']],
  ['var.list.*.id', ['a', 'b']],
  ['{ a = 1 }["a"]', 1],
  ['[for e in var.list : e.id]', ['a', 'b']],
  [`[for i, e in var.list : "\${i}\${e.id}" if e.id != "a"]`, ['1b']],
  ['{ for k, v in { a = 1 } : v => k }', { 1: 'a' }],
  ['{ for e in var.list : "all" => e.id... }', { all: ['a', 'b'] }],
  ['length(var.list) == 0 ? var.missing : "taken"', 'taken'],
  ['jsondecode("[{\\"id\\":1}]")[0].id', 1],
  ['jsonencode({ a = [1] })', '{"a":[1]}'],
  ['try(var.list[9].id, "other")', 'other'],
  ['max([1, 5, 3]...)', 5],
  ['join(",", ["a", "b"])', 'a,b'],
  ['replace("a.b.c", ".", "-")', 'a-b-c'],
  ['format("%s has %d%%", "x", 3)', 'x has 3%'],
  ['merge({ a = 1 }, { a = 2 })', { a: 2 }],
  ['lookup({ a = 1 }, "b", 3)', 3],
  ['contains(["a"], "a")', true],
  ['coalesce("", "b")', 'b'],
  ['pod.main.name', 'p'],
])('%s', (text, value) => {
  expect(evaluate(text)).toEqual(value);
});

test.each([
  'var.unknown.anything[0]',
  'var.unknown ? 1 : 2',
  `"a-\${var.unknown}"`,
  'length(var.unknown)',
  'jsonencode([var.unknown])',
  '[var.unknown] == [1]',
  '1 + var.unknown',
  '[for e in var.unknown : e]',
  '!var.unknown',
  // What only the provider knows.
  'pod.main.id',
])('%s is unknown', text => {
  expect(evaluate(text)).toBe(UNKNOWN);
});

test.each([
  ['nothing(1)', 'Call to a function that the stand-in does not have: "nothing"'],
  ['jsondecode("{")', '"jsondecode" does not take these arguments'],
  ['var.list[2]', 'Invalid index: the list has 2 elements'],
  ['var.list[0].name', 'Unsupported attribute or invalid index: "name"'],
  ['[for e in 1 : e]', 'Iteration over non-iterable value'],
  ['"a" * 2', 'Invalid operand'],
  ['"x" ? 1 : 2', 'Incorrect condition type'],
  ['"%{ if true }a%{ endif }"', 'template directives'],
  [`"\${[1]} and more"`, 'Invalid template interpolation value'],
  ['{ for e in [1, 2] : "same" => e }', 'Two different items produced the key "same"'],
  ['[1 2]', 'Invalid expression or block definition'],
])('%s is refused, with its place', (text, message) => {
  expect(() => evaluate(text)).toThrow(HclError);
  expect(() => evaluate(text)).toThrow(message);
  expect(() => evaluate(text)).toThrow('on main.tf line 1');
});

test('nested and dynamic blocks are lists', () => {
  const body = parseHcl(
    `
    # A comment
    spec { size = 1 }
    spec { size = 2 }
    dynamic "option" {
      for_each = var.list
      iterator = entry
      content {
        value = entry.value.id
        index = entry.key
      }
    }
    dynamic "later" {
      for_each = var.unknown
      content { value = 1 }
    }
    lifecycle { ignore_changes = all }`,
    'main.tf',
  );

  expect(evaluateBody(body, SCOPE)).toEqual({
    spec: [{ size: 1 }, { size: 2 }],
    option: [
      { value: 'a', index: 0 },
      { value: 'b', index: 1 },
    ],
    later: UNKNOWN,
  });
});
