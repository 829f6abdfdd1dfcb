import { createRequire } from 'node:module';
import { Language, type Node, Parser } from 'web-tree-sitter';
import { errorAt, HclError, nameTree } from './error.ts';

/** What stands between the braces of a block, or in a file. */
export interface HclBody {
  /** Expressions by name. */
  attributes: Map<string, Node>;
  blocks: HclBlock[];
}

export interface HclBlock {
  type: string;
  labels: string[];
  body: HclBody;
  node: Node;
}

const parser = await createParser();

async function createParser(): Promise<Parser> {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve(
    '@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-terraform.wasm',
  );
  return new Parser().setLanguage(await Language.load(grammar));
}

/** @throws HclError that names the line which is no HCL */
export function parseHcl(text: string, file: string): HclBody {
  const tree = parser.parse(text);
  if (!tree) throw new HclError(`Error: ${file} cannot be parsed`);
  nameTree(tree, file);
  if (tree.rootNode.hasError)
    throw errorAt(firstError(tree.rootNode), 'Invalid expression or block definition');
  const body = named(tree.rootNode).find(({ type }) => type === 'body');
  return body ? readBody(body) : { attributes: new Map(), blocks: [] };
}

/** The expression that a text is, as Terraform reads the value of a variable that is no string. */
export function parseExpression(text: string, file: string): Node {
  const expression = parseHcl(`value = ${text}\n`, file).attributes.get('value');
  if (!expression) throw new HclError(`Error: ${file} is no expression`);
  return expression;
}

function readBody(node: Node): HclBody {
  const body: HclBody = { attributes: new Map(), blocks: [] };
  for (const child of named(node)) {
    if (child.type === 'attribute') readAttribute(body, child);
    if (child.type === 'block') body.blocks.push(readBlock(child));
  }
  return body;
}

function readAttribute(body: HclBody, node: Node): void {
  const [name, expression] = named(node);
  if (!name || !expression) throw errorAt(node, 'Invalid argument');
  if (body.attributes.has(name.text)) throw errorAt(node, `Attribute redefined: "${name.text}"`);
  body.attributes.set(name.text, expression);
}

function readBlock(node: Node): HclBlock {
  const children = named(node);
  const [type = '', ...labels] = children
    .filter(child => child.type === 'identifier' || child.type === 'string_lit')
    .map(child => (child.type === 'string_lit' ? child.text.slice(1, -1) : child.text));
  const body = children.find(child => child.type === 'body');
  return { type, labels, node, body: body ? readBody(body) : { attributes: new Map(), blocks: [] } };
}

/** The children that carry meaning: comments do not. */
export function named(node: Node): Node[] {
  return node.namedChildren.filter(child => child.type !== 'comment');
}

function firstError(node: Node): Node {
  if (node.isError || node.isMissing) return node;
  const child = node.children.find(({ hasError, isMissing }) => hasError || isMissing);
  return child ? firstError(child) : node;
}
