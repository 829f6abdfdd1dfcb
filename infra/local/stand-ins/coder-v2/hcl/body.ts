import { HclError } from './error.ts';
import { evaluate } from './evaluate.ts';
import { entriesOf } from './for-expression.ts';
import type { HclBlock, HclBody } from './parse.ts';
import { type Scope, withNames } from './scope.ts';
import { UNKNOWN, type Value, type ValueMap } from './value.ts';

/** They steer Terraform itself, and are no attributes of what the block describes. */
const META = new Set([
  'count',
  'for_each',
  'depends_on',
  'provider',
  'lifecycle',
  'provisioner',
  'connection',
]);

/** What a block describes: its attributes, and for each kind of nested block a list. */
export function evaluateBody(body: HclBody, scope: Scope): ValueMap {
  const object: ValueMap = {};
  for (const [name, expression] of body.attributes) {
    if (!META.has(name)) object[name] = evaluate(expression, scope);
  }
  for (const block of body.blocks) {
    if (META.has(block.type)) continue;
    const [name, elements] =
      block.type === 'dynamic' ? expand(block, scope) : [block.type, nested(block, scope)];
    const before = object[name] ?? [];
    object[name] =
      elements === UNKNOWN || before === UNKNOWN ? UNKNOWN : [...(before as Value[]), ...elements];
  }
  return object;
}

function nested(block: HclBlock, scope: Scope): Value[] {
  return [evaluateBody(block.body, scope)];
}

/** A `dynamic` block stands for one block for each element of `for_each`. */
function expand(
  { labels, body, node }: HclBlock,
  scope: Scope,
): [name: string, elements: Value[] | typeof UNKNOWN] {
  const name = labels[0] ?? '';
  const forEach = body.attributes.get('for_each');
  const content = body.blocks.find(({ type }) => type === 'content');
  if (!forEach || !content) throw new HclError(`Error: dynamic "${name}" needs for_each and content`);
  const iterator = body.attributes.get('iterator')?.text ?? name;
  const entries = entriesOf(evaluate(forEach, scope), node);
  if (entries === UNKNOWN) return [name, UNKNOWN];
  return [
    name,
    entries.map(([key, value]) =>
      evaluateBody(content.body, withNames(scope, { [iterator]: { key, value } })),
    ),
  ];
}
