import type { Node } from 'web-tree-sitter';
import { errorAt } from './error.ts';
import { asBoolean } from './operators.ts';
import { named } from './parse.ts';
import { type Evaluate, type Scope, withNames } from './scope.ts';
import { isMap, textOf, UNKNOWN, type Value, type ValueMap } from './value.ts';

/** `[for …]` and `{for …}`. */
export function evaluateFor(node: Node, scope: Scope, evaluate: Evaluate): Value {
  const [form] = named(node);
  const children = form ? named(form) : [];
  const intro = children.find(({ type }) => type === 'for_intro');
  const condition = children.find(({ type }) => type === 'for_cond');
  const results = children.filter(({ type }) => type === 'expression');
  if (!form || !intro) throw errorAt(node, 'Invalid for expression');

  const entries = entriesOf(evaluate(named(intro).at(-1) as Node, scope), intro);
  if (entries === UNKNOWN) return UNKNOWN;
  const names = named(intro)
    .slice(0, -1)
    .map(({ text }) => text);
  const scopes = entries
    .map(entry => bind(scope, names, entry))
    .filter(each => holds(condition, each, evaluate));
  if (form.type === 'for_tuple_expr') return scopes.map(each => evaluate(results[0] as Node, each));
  const isGrouped = children.some(({ type }) => type === 'ellipsis');
  return buildObject(results, scopes, isGrouped, evaluate);
}

/** Keys and values of what can be iterated. */
export function entriesOf(value: Value, node: Node): [Value, Value][] | typeof UNKNOWN {
  if (value === UNKNOWN) return UNKNOWN;
  if (Array.isArray(value)) return value.map((element, index) => [index, element]);
  if (!isMap(value)) throw errorAt(node, 'Iteration over non-iterable value');
  return Object.entries(value);
}

function bind(scope: Scope, names: string[], [key, value]: [Value, Value]): Scope {
  const [first = '', second] = names;
  return withNames(scope, second === undefined ? { [first]: value } : { [first]: key, [second]: value });
}

function holds(condition: Node | undefined, scope: Scope, evaluate: Evaluate): boolean {
  const [expression] = condition ? named(condition) : [];
  return expression === undefined || asBoolean(evaluate(expression, scope)) === true;
}

function buildObject([key, value]: Node[], scopes: Scope[], isGrouped: boolean, evaluate: Evaluate): Value {
  const object: ValueMap = {};
  for (const scope of scopes) {
    const name = textOf(evaluate(key as Node, scope));
    if (name === undefined) return UNKNOWN;
    const result = evaluate(value as Node, scope);
    if (!isGrouped && name in object) {
      throw errorAt(
        key as Node,
        `Duplicate object key: Two different items produced the key "${name}" in this 'for' expression`,
      );
    }
    object[name] = isGrouped ? [...((object[name] as Value[] | undefined) ?? []), result] : result;
  }
  return object;
}
