import type { Node } from 'web-tree-sitter';
import { evaluateBody } from '../hcl/body.ts';
import { errorAt } from '../hcl/error.ts';
import { evaluate } from '../hcl/evaluate.ts';
import { entriesOf } from '../hcl/for-expression.ts';
import { asNumber } from '../hcl/operators.ts';
import type { HclBlock } from '../hcl/parse.ts';
import { type Reference, type Scope, withNames } from '../hcl/scope.ts';
import { openObject, UNKNOWN, type Value, type ValueMap } from '../hcl/value.ts';
import { type Occasion, readDataSource } from './data-sources.ts';
import type { TemplateSource } from './template-source.ts';

/** One block that `count` or `for_each` may have made several of. */
export interface Instance {
  type: string;
  name: string;
  value: ValueMap;
}

/** A template with values for its variables. Each part is evaluated when it is asked for, and once. */
export interface Evaluation {
  scope: Scope;
  /** @param type absent for all @throws HclError */
  data(type?: string): Instance[];
  resources(type?: string): Instance[];
  /** Evaluates every local value, so that a wrong one is found. */
  checkLocals(): void;
}

const PATHS: ValueMap = { module: '.', root: '.', cwd: '.' };

/** @param variables values by name; UNKNOWN for one without value and default */
export function evaluateTemplate(
  source: TemplateSource,
  variables: ReadonlyMap<string, Value>,
  occasion: Occasion,
): Evaluation {
  const once = createMemo();
  const scope: Scope = { names: new Map(), refer };

  function refer(name: string, attributes: string[], node: Node): Reference {
    const [first = '', second = ''] = attributes;
    if (name === 'var') return { value: declared(variables.get(first), node), used: 1 };
    if (name === 'local') return { value: local(first, node), used: 1 };
    if (name === 'data') return { value: block('data', `${first}.${second}`, node), used: 2 };
    if (name === 'path') return { value: declared(PATHS[first], node), used: 1 };
    if (name === 'terraform') return { value: 'default', used: 1 };
    return { value: block('resources', `${name}.${first}`, node), used: 1 };
  }
  function local(name: string, node: Node): Value {
    const expression = declared(source.locals.get(name), node);
    return once(`local.${name}`, node, () => evaluate(expression, scope));
  }
  function block(kind: 'data' | 'resources', address: string, node: Node): Value {
    const found = declared(source[kind].get(address), node);
    return once(`${kind}.${address}`, node, () =>
      instancesOf(found, each => describe(kind, found, each), scope),
    );
  }
  function describe(kind: 'data' | 'resources', { labels, body }: HclBlock, each: Scope): ValueMap {
    const configuration = evaluateBody(body, each);
    const [type = ''] = labels;
    return kind === 'data'
      ? readDataSource(type, configuration, occasion, labels.join('.'))
      : openObject(configuration);
  }
  function list(kind: 'data' | 'resources', wanted?: string): Instance[] {
    return [...source[kind]].flatMap(([address, { labels, node }]) => {
      const [type = '', name = ''] = labels;
      if (wanted !== undefined && type !== wanted) return [];
      const value = block(kind, address, node);
      return flatInstances(value, source[kind].get(address)).map(instance => ({
        type,
        name,
        value: instance,
      }));
    });
  }
  return {
    scope,
    data: type => list('data', type),
    resources: type => list('resources', type),
    checkLocals() {
      for (const [name, node] of source.locals) local(name, node);
    },
  };
}

/** One object, or a list by `count`, or a map by `for_each`. */
function instancesOf(block: HclBlock, describe: (scope: Scope) => ValueMap, scope: Scope): Value {
  const count = block.body.attributes.get('count');
  const forEach = block.body.attributes.get('for_each');
  if (count) {
    const value = evaluate(count, scope);
    if (value === UNKNOWN) return UNKNOWN;
    const length = asNumber(value);
    if (length === undefined) throw errorAt(count, 'Invalid count argument');
    return Array.from({ length }, (_, index) => describe(withNames(scope, { count: { index } })));
  }
  if (!forEach) return describe(scope);
  const value = evaluate(forEach, scope);
  const entries = entriesOf(value, forEach);
  if (entries === UNKNOWN) return UNKNOWN;
  // A set, which is a list here, has its elements as keys.
  const keyed = entries.map(([key, element]): [string, Value] => [
    String(Array.isArray(value) ? element : key),
    element,
  ]);
  return Object.fromEntries(
    keyed.map(([key, element]) => [key, describe(withNames(scope, { each: { key, value: element } }))]),
  );
}

function flatInstances(value: Value, block: HclBlock | undefined): ValueMap[] {
  if (value === UNKNOWN) return [];
  if (Array.isArray(value)) return value as ValueMap[];
  if (block?.body.attributes.has('for_each')) return Object.values(value as ValueMap) as ValueMap[];
  return [value as ValueMap];
}

function declared<T>(found: T | undefined, node: Node): T {
  if (found === undefined) throw errorAt(node, 'Reference to what is not declared');
  return found;
}

type Memo = (key: string, node: Node, compute: () => Value) => Value;

/** Computes once for each key. @throws HclError for what needs itself */
function createMemo(): Memo {
  const values = new Map<string, Value>();
  const underWay = new Set<string>();
  return (key, node, compute) => {
    const known = values.get(key);
    if (known !== undefined) return known;
    if (underWay.has(key)) throw errorAt(node, `Cycle: ${key}`);
    underWay.add(key);
    try {
      const value = compute();
      values.set(key, value);
      return value;
    } finally {
      underWay.delete(key);
    }
  };
}
