import type { Node } from 'web-tree-sitter';
import { errorAt, HclError } from '../hcl/error.ts';
import { evaluate } from '../hcl/evaluate.ts';
import { asBoolean, asNumber } from '../hcl/operators.ts';
import { type HclBlock, parseExpression } from '../hcl/parse.ts';
import type { Scope } from '../hcl/scope.ts';
import { textOf, UNKNOWN, type Value } from '../hcl/value.ts';

/** A `variable` block. */
export interface Variable {
  name: string;
  /** Terraform's expression for the type, empty when there is none. */
  type: string;
  description: string;
  /** As text: what is no string is JSON. */
  defaultValue: string;
  /** Has no default. */
  required: boolean;
  sensitive: boolean;
  validations: { condition: Node; message: Node | undefined }[];
}

/** Defaults and descriptions cannot refer to anything. */
const NOTHING: Scope = {
  names: new Map(),
  refer(_name, _attributes, node) {
    throw errorAt(node, 'Variables not allowed');
  },
};

export function readVariable({ labels, body }: HclBlock): Variable {
  const constant = (name: string): Value => {
    const node = body.attributes.get(name);
    return node ? evaluate(node, NOTHING) : null;
  };
  const type = body.attributes.get('type')?.text ?? '';
  return {
    name: labels[0] ?? '',
    type: type.replaceAll('"', ''),
    description: textOf(constant('description')) ?? '',
    defaultValue: inText(constant('default')),
    required: !body.attributes.has('default'),
    sensitive: asBoolean(constant('sensitive')) === true,
    validations: body.blocks
      .filter(block => block.type === 'validation' && block.body.attributes.has('condition'))
      .map(block => ({
        condition: block.body.attributes.get('condition') as Node,
        message: block.body.attributes.get('error_message'),
      })),
  };
}

/** The text of a variable as `-var` of Terraform reads it. @throws HclError */
export function fromArgument({ name, type }: Pick<Variable, 'name' | 'type'>, text: string): Value {
  if (type === '' || type === 'string' || type === 'any') return text;
  const value = type === 'number' ? asNumber(text) : type === 'bool' ? asBoolean(text) : complex(name, text);
  if (value === undefined)
    throw new HclError(`Error: Invalid value for input variable: ${name} is no ${type}`);
  return value;
}

/** @throws HclError with the message of the first `validation` block that does not hold */
export function validate({ name, validations }: Variable, scope: Scope): void {
  for (const { condition, message } of validations) {
    const holds = evaluate(condition, scope);
    if (holds === UNKNOWN || asBoolean(holds)) continue;
    const text = message ? textOf(evaluate(message, scope)) : '';
    throw new HclError(`Error: Invalid value for variable "${name}": ${text}`);
  }
}

function complex(name: string, text: string): Value {
  return evaluate(parseExpression(text, `the value of variable ${name}`), NOTHING);
}

function inText(value: Value): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
