import type { Node } from 'web-tree-sitter';
import { HclError } from '../hcl/error.ts';
import { type HclBlock, parseHcl } from '../hcl/parse.ts';
import { readTar } from './archive.ts';
import { readVariable, type Variable } from './variables.ts';

/** A template as its archive says it, with nothing evaluated yet. */
export interface TemplateSource {
  readme: string;
  variables: Variable[];
  locals: Map<string, Node>;
  /** `data` blocks, by `type.name`. */
  data: Map<string, HclBlock>;
  /** `resource` blocks, by `type.name`. */
  resources: Map<string, HclBlock>;
}

/** They say nothing that an import needs. */
const LEFT_OUT = new Set(['terraform', 'provider', 'output', 'moved', 'import', 'removed', 'check']);

/**
 * Reads the `.tf` files at the top of the archive, as Terraform does.
 * @throws HclError that names what cannot be read
 */
export function readTemplate(archive: Buffer): TemplateSource {
  const files = readTar(archive);
  const names = [...files.keys()].filter(name => /^[^/]+\.tf$/.test(name)).sort();
  if (names.length === 0) throw new HclError('Error: No configuration files');
  const source: TemplateSource = {
    readme: files.get('README.md') ?? '',
    ...{ variables: [], locals: new Map(), data: new Map(), resources: new Map() },
  };
  for (const name of names) {
    for (const block of parseHcl(files.get(name) ?? '', name).blocks) collect(source, block);
  }
  return source;
}

function collect(source: TemplateSource, block: HclBlock): void {
  const { type, labels, body } = block;
  const address = labels.join('.');
  if (type === 'variable') source.variables.push(readVariable(block));
  else if (type === 'locals') for (const [name, node] of body.attributes) source.locals.set(name, node);
  else if (type === 'data') source.data.set(address, block);
  else if (type === 'resource') source.resources.set(address, block);
  else if (!LEFT_OUT.has(type))
    throw new HclError(`Error: The stand-in cannot evaluate: ${type} "${address}"`);
}
