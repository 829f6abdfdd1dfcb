import type { Node } from 'web-tree-sitter';
import { errorAt } from './error.ts';
import { named } from './parse.ts';
import { isMap, isOpen, textOf, UNKNOWN, type Value } from './value.ts';

type EvaluateIndex = (node: Node) => Value;

/** What stands behind a term: `.name`, `[index]`, `.0`, `[*]` or `.*`. */
export function applyPostfix(value: Value, postfix: Node, evaluateIndex: EvaluateIndex): Value {
  if (value === UNKNOWN) return UNKNOWN;
  const [inner] = named(postfix);
  switch (postfix.type) {
    case 'get_attr':
      return take(value, inner?.text ?? '', postfix);
    case 'index':
      return applyIndex(value, inner ?? postfix, evaluateIndex);
    case 'splat':
      return applySplat(value, inner ?? postfix, evaluateIndex);
    default:
      throw errorAt(postfix, `The stand-in cannot evaluate this expression (${postfix.type})`);
  }
}

function applyIndex(value: Value, node: Node, evaluateIndex: EvaluateIndex): Value {
  const [expression] = named(node);
  // `.0`, the form of old Terraform, holds no expression.
  const index = expression ? evaluateIndex(expression) : node.text.slice(1);
  return index === UNKNOWN ? UNKNOWN : take(value, index, node);
}

function applySplat(value: Value, node: Node, evaluateIndex: EvaluateIndex): Value {
  const list: Value[] = Array.isArray(value) ? value : value === null ? [] : [value];
  const postfixes = named(node);
  return list.map(element => walk(element, postfixes, evaluateIndex));
}

function walk(value: Value, [next, ...rest]: Node[], evaluateIndex: EvaluateIndex): Value {
  return next ? walk(applyPostfix(value, next, evaluateIndex), rest, evaluateIndex) : value;
}

function take(value: Value, index: Value, node: Node): Value {
  const key = textOf(index);
  if (key !== undefined && Array.isArray(value)) {
    const element = value[Number(key)];
    if (element !== undefined) return element;
    throw errorAt(around(node), `Invalid index: the list has ${value.length} elements`);
  }
  if (key !== undefined && isMap(value)) {
    if (Object.hasOwn(value, key)) return value[key] as Value;
    if (isOpen(value)) return UNKNOWN;
  }
  throw errorAt(around(node), `Unsupported attribute or invalid index: "${key ?? ''}"`);
}

/** The whole expression, as a piece of it explains nothing. */
function around(node: Node): Node {
  return node.parent ?? node;
}
