import type { Node } from 'web-tree-sitter';
import { type BicepFile, named, unquote } from './bicep.ts';

type Fn = (...args: never[]) => unknown;

/** What Resource Manager's functions give that Bicep files here call. */
const FUNCTIONS: Record<string, Fn> = {
  concat: (...lists: unknown[][]) => lists.flat(),
  contains: (where: object, what: string) => Object.hasOwn(where, what),
  empty: (value: unknown) =>
    value === null || value === undefined || Object.keys(value as object).length === 0,
  endsWith: (text: string, end: string) => text.endsWith(end),
  environment: () => ({ resourceManager: 'https://management.azure.com/', suffixes: {} }),
  filter: (list: unknown[], keep: (item: unknown) => boolean) => list.filter(item => keep(item)),
  guid: (...parts: string[]) => parts.join('|'),
  items: (object: object) =>
    Object.entries(object)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key, value })),
  last: (list: unknown[]) => list.at(-1),
  length: (list: unknown[]) => list.length,
  map: (list: unknown[], change: (item: unknown) => unknown) => list.map(item => change(item)),
  resourceGroup: () => ({ id: 'RESOURCE_GROUP' }),
  resourceId: (subscription: string, group: string, type: string, ...names: string[]) => {
    const [namespace, ...types] = type.split('/');
    const path = types.flatMap((one, i) => [one, names[i]]).join('/');
    return `/subscriptions/${subscription}/resourceGroups/${group}/providers/${namespace}/${path}`;
  },
  split: (text: string, at: string) => text.split(at),
  subscriptionResourceId: (type: string, name: string) => `${type}/${name}`,
  take: (text: string, count: number) => text.slice(0, count),
  union: (...objects: object[]) => Object.assign({}, ...objects),
};

/** Names, each with its value: parameters, and whatever resources and modules would give. */
export type Values = Record<string, unknown>;

/**
 * What an expression is worth when the file's parameters are `values`.
 * @throws when a name or a function is not known here
 */
export function evaluate(file: BicepFile, node: Node, values: Values): unknown {
  const worthOf = (name: string, local: Values): unknown => {
    if (name in local) return local[name];
    if (name in values) return values[name];
    const found = file.vars.find(({ symbol }) => symbol === name);
    if (found) return run(found.value, {});
    throw new Error(`${file.name}: nothing is known of ${name}`);
  };

  function run(node: Node, local: Values): unknown {
    const part = (name: string) => run(node.childForFieldName(name) as Node, local);
    switch (node.type) {
      case 'string':
        return stringOf(node, local);
      case 'number':
        return Number(node.text);
      case 'boolean':
        return node.text === 'true';
      case 'null':
        return null;
      case 'identifier':
        return worthOf(node.text, local);
      case 'array':
        return named(node).map(item => run(item, local));
      case 'object':
        return Object.fromEntries(
          named(node).map(property => {
            const [key, value] = named(property);
            const name = key?.type === 'string' ? run(key, local) : key?.text;
            return [name, run(value as Node, local)];
          }),
        );
      case 'parenthesized_expression':
        return run(named(node)[0] as Node, local);
      case 'unary_expression':
        return !part('argument');
      case 'ternary_expression':
        return part('condition') ? part('consequence') : part('alternative');
      case 'binary_expression':
        return binary(node, local);
      case 'member_expression': {
        const object = part('object') as Values | null;
        return object?.[node.childForFieldName('property')?.text ?? ''];
      }
      case 'subscript_expression':
        return (part('object') as Values)[part('index') as string];
      case 'call_expression':
        return call(node, local);
      case 'lambda_expression': {
        const [parameter, body] = named(node);
        return (value: unknown) => run(body as Node, { ...local, [parameter?.text ?? '']: value });
      }
      default:
        throw new Error(`${file.name}: no rule for ${node.type}, ${node.text}`);
    }
  }

  function stringOf(node: Node, local: Values): string {
    return named(node)
      .map(piece =>
        piece.type === 'interpolation' ? String(run(named(piece)[0] as Node, local)) : unescaped(piece.text),
      )
      .join('');
  }

  function binary(node: Node, local: Values): unknown {
    const left = run(node.childForFieldName('left') as Node, local);
    const right = () => run(node.childForFieldName('right') as Node, local);
    const operator = node.children.find(child => child && !child.isNamed)?.text;
    switch (operator) {
      case '&&':
        return Boolean(left) && Boolean(right());
      case '||':
        return Boolean(left) || Boolean(right());
      case '??':
        return left ?? right();
      case '==':
        return left === right();
      case '!=':
        return left !== right();
      case '-':
        return Number(left) - Number(right());
      default:
        throw new Error(`${file.name}: no rule for ${operator}`);
    }
  }

  function call(node: Node, local: Values): unknown {
    const name = node.childForFieldName('function')?.text ?? '';
    const fn = FUNCTIONS[name];
    if (!fn) throw new Error(`${file.name}: no rule for ${name}()`);
    const args = named(node.childForFieldName('arguments') as Node).map(arg => run(arg, local));
    return fn(...(args as never[]));
  }

  return run(node, {});
}

/** A loop's body for each of its items; anything else is worth itself, once. */
export function iterate(file: BicepFile, node: Node, values: Values): { values: Values }[] {
  const loop = node.descendantsOfType('for_statement')[0];
  if (!loop) return [{ values }];
  const [parameter, iterable] = named(loop);
  const items = evaluate(file, iterable as Node, values) as unknown[];
  return items.map(item => ({ values: { ...values, [unquote(parameter)]: item } }));
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}
