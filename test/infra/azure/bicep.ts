import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Language, type Node, Parser } from 'web-tree-sitter';

/** Where the Bicep files are. */
export const FOLDER = join(import.meta.dirname, '..', '..', '..', 'infra', 'azure');

/** A param, var, output, type, resource or module. */
export interface Declaration {
  symbol: string;
  node: Node;
  /** What `@description` says. */
  description: string | undefined;
  /** Decorators by name, each with the text of its arguments. */
  decorators: Record<string, string>;
}

export interface Parameter extends Declaration {
  type: string;
  /** Undefined when it must be given. */
  default: Node | undefined;
}

export interface Resource extends Declaration {
  /** Such as `Microsoft.Web/sites@2024-11-01`. */
  type: string;
  existing: boolean;
  body: Node;
}

export interface Module extends Declaration {
  /** File name. */
  file: string;
  body: Node;
  /** By name, each with its value. */
  params: Map<string, Node>;
}

/** A Bicep file as its syntax tree says it. */
export interface BicepFile {
  name: string;
  root: Node;
  params: Parameter[];
  vars: (Declaration & { value: Node })[];
  outputs: (Declaration & { type: string; value: Node })[];
  types: Declaration[];
  resources: Resource[];
  modules: Module[];
  /** Symbols that are taken from other files, each with the file. */
  imports: Map<string, string>;
}

const parser = await createParser();

async function createParser(): Promise<Parser> {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve('tree-sitter-bicep/tree-sitter-bicep.wasm');
  return new Parser().setLanguage(await Language.load(grammar));
}

export function readBicep(): BicepFile[] {
  const names = readdirSync(FOLDER).filter(name => name.endsWith('.bicep'));
  return names.map(name => parseBicep(name, readFileSync(join(FOLDER, name), 'utf8')));
}

export function parseBicep(name: string, text: string): BicepFile {
  const root = parser.parse(text)?.rootNode as Node;
  const file: BicepFile = {
    ...{ name, root, params: [], vars: [], outputs: [], types: [], resources: [], modules: [] },
    imports: new Map(),
  };
  let decorators: Record<string, string> = {};
  for (const node of named(root)) {
    if (node.type === 'decorators') {
      decorators = readDecorators(node);
      continue;
    }
    const declaration = {
      ...{ symbol: node.namedChild(0)?.text ?? '', node, decorators },
      description: decorators.description,
    };
    collect(file, declaration);
    if (node.type !== 'comment') decorators = {};
  }
  return file;
}

function collect(file: BicepFile, declaration: Declaration): void {
  const { node } = declaration;
  const [, second, third] = named(node);
  const last = named(node).at(-1) as Node;
  switch (node.type) {
    case 'parameter_declaration':
      file.params.push({ ...declaration, type: second?.text ?? '', default: third });
      break;
    case 'variable_declaration':
      file.vars.push({ ...declaration, value: last });
      break;
    case 'output_declaration':
      file.outputs.push({ ...declaration, type: second?.text ?? '', value: last });
      break;
    case 'type_declaration':
      file.types.push(declaration);
      break;
    case 'resource_declaration':
      for (const nested of [node, ...node.descendantsOfType('resource_declaration').slice(1)]) {
        const [symbol, type] = named(nested as Node);
        const existing = children(nested as Node).some(
          child => child.type === 'existing' || child.text === 'existing',
        );
        const body = bodyOf(nested as Node);
        file.resources.push({
          ...declaration,
          symbol: symbol?.text ?? '',
          type: unquote(type),
          existing,
          body,
        });
      }
      break;
    case 'module_declaration': {
      const body = bodyOf(node);
      const params = propertiesOf(propertiesOf(body).get('params'));
      file.modules.push({ ...declaration, file: unquote(second), body, params });
      break;
    }
    case 'import_functionality': {
      const from = named(node).find(child => child.type === 'string');
      for (const symbol of named(node).filter(child => child.type === 'identifier'))
        file.imports.set(symbol.text, unquote(from));
      break;
    }
  }
}

/** Every place where the file names a symbol of its own or of Bicep. */
export function references(node: Node): string[] {
  return node.descendantsOfType('identifier').flatMap(found => {
    const parent = found?.parent;
    if (!found || !parent || isDeclaring(found, parent)) return [];
    return [found.text];
  });
}

/** Names that the file's loops and lambdas bring in. */
export function localNames(root: Node): Set<string> {
  const loops = root.descendantsOfType('for_statement').flatMap(loop => {
    const parameters = loop?.descendantsOfType('for_loop_parameters')[0];
    return parameters ? parameters.text.replace(/[()\s]/g, '').split(',') : [loop?.namedChild(0)?.text ?? ''];
  });
  const lambdas = root
    .descendantsOfType('lambda_expression')
    .map(lambda => lambda?.namedChild(0)?.text ?? '');
  return new Set([...loops, ...lambdas]);
}

function isDeclaring(node: Node, parent: Node): boolean {
  const isFirst = parent.namedChild(0)?.id === node.id;
  if (parent.type === 'object_property') return isFirst;
  if (parent.type === 'resource_expression') return !isFirst;
  return isFirst && (/_declaration$/.test(parent.type) || parent.type === 'lambda_expression');
}

/** The object of a resource or module, whether it is in a condition, in a loop, or in neither. */
function bodyOf(node: Node): Node {
  let body = named(node).at(-1) as Node;
  while (body.type !== 'object') body = named(body).at(-1) as Node;
  return body;
}

/** Of an object, by name. */
export function propertiesOf(node: Node | undefined): Map<string, Node> {
  if (node?.type !== 'object') return new Map();
  return new Map(
    named(node)
      .filter(child => child.type === 'object_property')
      .map(property => {
        const [key, value] = named(property);
        return [unquote(key), value as Node];
      }),
  );
}

/** Each parameter of a file by its own name, for what does not depend on its value. */
export function parameterValues({ params }: BicepFile): Record<string, string> {
  return Object.fromEntries(params.map(({ symbol }) => [symbol, symbol]));
}

/** A property somewhere within an object, by its path. */
export function property(node: Node, path: string): Node | undefined {
  return path.split('.').reduce<Node | undefined>((at, name) => propertiesOf(at).get(name), node);
}

export function named(node: Node): Node[] {
  return node.namedChildren.filter((child): child is Node => child !== null && child.type !== 'comment');
}

function children(node: Node): Node[] {
  return node.children.filter((child): child is Node => child !== null);
}

export function unquote(node: Node | undefined): string {
  return node?.text.replace(/^'|'$/g, '') ?? '';
}

function readDecorators(node: Node): Record<string, string> {
  return Object.fromEntries(
    named(node).map(decorator => {
      const call = decorator.namedChild(0) as Node;
      const [name, args] = named(call);
      return [name?.text ?? '', args?.text.slice(1, -1).replace(/^'|'$/g, '') ?? ''];
    }),
  );
}
