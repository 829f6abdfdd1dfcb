import type { Node } from 'web-tree-sitter';
import { errorAt, HclError } from './error.ts';
import { evaluateFor } from './for-expression.ts';
import { callFunction, isFunction } from './functions.ts';
import { applyOperator, asBoolean, asNumber, isOperator } from './operators.ts';
import { named } from './parse.ts';
import type { Evaluate, Scope } from './scope.ts';
import { evaluateText } from './text.ts';
import { applyPostfix } from './traversal.ts';
import { textOf, UNKNOWN, type Value, type ValueMap } from './value.ts';

const EVALUATORS: Record<string, Evaluate> = {
  expression: (node, scope) => evaluateTerm(meaningful(node), scope),
  literal_value: (node, scope) => evaluate(only(node), scope),
  string_lit: (node, scope) => evaluateText(node, scope, evaluate),
  numeric_lit: ({ text }) => Number(text),
  bool_lit: ({ text }) => text === 'true',
  null_lit: () => null,
  template_expr: (node, scope) => evaluateText(only(node), scope, evaluate),
  collection_value: (node, scope) => evaluate(only(node), scope),
  tuple: (node, scope) =>
    named(node)
      .filter(({ type }) => type === 'expression')
      .map(element => evaluate(element, scope)),
  object: evaluateObject,
  for_expr: (node, scope) => evaluateFor(node, scope, evaluate),
  conditional: evaluateConditional,
  operation: (node, scope) => evaluate(only(node), scope),
  unary_operation: evaluateUnary,
  binary_operation: evaluateBinary,
  function_call: evaluateCall,
};

/** The value of an expression. @throws HclError that names what Terraform refuses, or what the stand-in lacks */
export function evaluate(node: Node, scope: Scope): Value {
  const evaluator = EVALUATORS[node.type];
  if (!evaluator) throw errorAt(node, `The stand-in cannot evaluate this expression (${node.type})`);
  return evaluator(node, scope);
}

/** A term and what is taken from it: `data.coder_parameter.image[0].value` is one variable and four more nodes. */
function evaluateTerm(nodes: Node[], scope: Scope): Value {
  const [first, second] = nodes;
  if (!first) throw new HclError('Error: Missing expression');
  if (first.type === '(' && second) return follow(evaluate(second, scope), nodes.slice(3), scope);
  if (first.type !== 'variable_expr') return follow(evaluate(first, scope), nodes.slice(1), scope);
  const rest = nodes.slice(1);
  const end = rest.findIndex(({ type }) => type !== 'get_attr');
  const attributes = (end < 0 ? rest : rest.slice(0, end)).map(node => only(node).text);
  const bound = scope.names.get(first.text);
  if (bound !== undefined) return follow(bound, rest, scope);
  const { value, used } = scope.refer(first.text, attributes, first.parent ?? first);
  return follow(value, rest.slice(used), scope);
}

function follow(value: Value, postfixes: Node[], scope: Scope): Value {
  return postfixes.reduce(
    (taken, postfix) => applyPostfix(taken, postfix, index => evaluate(index, scope)),
    value,
  );
}

function evaluateObject(node: Node, scope: Scope): Value {
  const object: ValueMap = {};
  for (const element of named(node).filter(({ type }) => type === 'object_elem')) {
    const [key, value] = named(element);
    if (!key || !value) throw errorAt(element, 'Invalid object element');
    const name = isBareName(key) ? key.text : textOf(evaluate(key, scope));
    if (name === undefined) return UNKNOWN;
    object[name] = evaluate(value, scope);
  }
  return object;
}

/** A key without quotes is a name, no reference. */
function isBareName(key: Node): boolean {
  const children = meaningful(key);
  return children.length === 1 && children[0]?.type === 'variable_expr';
}

/** Only the branch that is taken: Terraform drops what is wrong in the other one. */
function evaluateConditional(node: Node, scope: Scope): Value {
  const [condition, yes, no] = named(node);
  if (!condition || !yes || !no) throw errorAt(node, 'Invalid conditional');
  const holds = evaluate(condition, scope);
  if (holds === UNKNOWN) return UNKNOWN;
  const boolean = asBoolean(holds);
  if (boolean === undefined) throw errorAt(condition, 'Incorrect condition type');
  return evaluate(boolean ? yes : no, scope);
}

function evaluateUnary(node: Node, scope: Scope): Value {
  const [operator, ...term] = meaningful(node);
  const value = evaluateTerm(term, scope);
  if (value === UNKNOWN) return UNKNOWN;
  const number = asNumber(value);
  const boolean = asBoolean(value);
  if (operator?.type === '-' && number !== undefined) return -number;
  if (operator?.type === '!' && boolean !== undefined) return !boolean;
  throw errorAt(node, 'Invalid operand');
}

function evaluateBinary(node: Node, scope: Scope): Value {
  const children = meaningful(node);
  const at = children.findIndex(child => !child.isNamed && isOperator(child.type));
  const operator = children[at]?.type ?? '';
  const left = evaluateTerm(children.slice(0, at), scope);
  const result = applyOperator(operator, left, evaluateTerm(children.slice(at + 1), scope));
  if (result === undefined) throw errorAt(node, 'Invalid operand');
  return result;
}

function evaluateCall(node: Node, scope: Scope): Value {
  const [name, list] = named(node);
  const values = list ? evaluateArguments(list, scope, name?.text === 'try') : [];
  if (name?.text === 'try' && values.length > 0) return values[0] as Value;
  if (!name || !isFunction(name.text)) {
    throw errorAt(node, `Call to a function that the stand-in does not have: "${name?.text}"`);
  }
  const result = callFunction(name.text, values);
  if (result === undefined)
    throw errorAt(node, `Error in function call: "${name.text}" does not take these arguments`);
  return result;
}

/** @param lenient leaves out arguments that cannot be evaluated, as `try` does */
function evaluateArguments(list: Node, scope: Scope, lenient: boolean): Value[] {
  const values: Value[] = [];
  for (const node of named(list)) {
    if (node.type === 'ellipsis') {
      const last = values.pop();
      if (last === UNKNOWN) values.push(UNKNOWN);
      else values.push(...(Array.isArray(last) ? last : []));
      continue;
    }
    try {
      values.push(evaluate(node, scope));
    } catch (error) {
      if (!lenient || !(error instanceof HclError)) throw error;
    }
  }
  return values;
}

function meaningful(node: Node): Node[] {
  return node.children.filter(child => child.type !== 'comment');
}

function only(node: Node): Node {
  return named(node)[0] ?? node;
}
