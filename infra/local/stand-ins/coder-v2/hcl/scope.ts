import type { Node } from 'web-tree-sitter';
import type { Value } from './value.ts';

/** What the names in an expression mean. */
export interface Scope {
  /** Bound by `for`, `dynamic`, `count` and `for_each`. */
  names: ReadonlyMap<string, Value>;
  /**
   * What a reference means, such as `data.coder_parameter.image`.
   * @param attributes the names after the first
   * @throws HclError for what is not declared
   */
  refer(name: string, attributes: string[], node: Node): Reference;
}

export interface Reference {
  value: Value;
  /** How many of the attributes were needed to find the value. */
  used: number;
}

export function withNames(scope: Scope, names: Record<string, Value>): Scope {
  return { ...scope, names: new Map([...scope.names, ...Object.entries(names)]) };
}

/** The value of an expression. Given to what is a part of expressions and has expressions in it. */
export type Evaluate = (node: Node, scope: Scope) => Value;
