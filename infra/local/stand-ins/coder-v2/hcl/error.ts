import type { Node, Tree } from 'web-tree-sitter';

/** What is wrong with a template: Terraform refuses it, or the stand-in cannot evaluate it. */
export class HclError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'HclError';
  }
}

const files = new WeakMap<Tree, string>();
const LONGEST_EXCERPT = 120;

/** Remembers which file a tree was read from, for messages. */
export function nameTree(tree: Tree, file: string): void {
  files.set(tree, file);
}

/** An error that names the file, the line and the expression. */
export function errorAt(node: Node, message: string): HclError {
  const text = node.text.replace(/\s+/g, ' ');
  const excerpt = text.length > LONGEST_EXCERPT ? `${text.slice(0, LONGEST_EXCERPT)}…` : text;
  const file = files.get(node.tree) ?? 'a value';
  return new HclError(`Error: ${message}\n\n  on ${file} line ${node.startPosition.row + 1}: ${excerpt}`);
}
