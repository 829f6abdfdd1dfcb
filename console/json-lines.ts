/**
 * The line, from 0, on which the value at each path of a JSON text begins: `rules[0].tag`. The empty path is the whole.
 * Reads as far as the text is JSON.
 */
export function linesOf(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  const tokens = text.matchAll(/"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+|\n/g);
  /** The containers around the present token: an array with its index, or an object with its key. */
  const around: { path: string; index?: number; key?: string }[] = [];
  let line = 0;
  let isKey = false;
  const here = () => {
    const top = around.at(-1);
    if (!top) return '';
    if (top.index !== undefined) return `${top.path}[${top.index}]`;
    return top.path ? `${top.path}.${top.key}` : `${top.key}`;
  };
  for (const [token] of tokens) {
    const top = around.at(-1);
    if (token === '\n') line += 1;
    else if (token === ',') {
      if (top?.index !== undefined) top.index += 1;
      isKey = top !== undefined && top.index === undefined;
    } else if (token === '}' || token === ']') {
      around.pop();
      isKey = false;
    } else if (token === ':') isKey = false;
    else if (isKey && top) {
      top.key = keyOf(token);
      // The line of a key is that of its value.
      lines.set(here(), line);
    } else {
      if (!lines.has(here())) lines.set(here(), line);
      if (token === '{') around.push({ path: here(), key: '' });
      if (token === '[') around.push({ path: here(), index: 0 });
      isKey = token === '{';
    }
  }
  return lines;
}

function keyOf(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}

/** The line of a path, or of what holds it. */
export function lineOf(path: string, lines: ReadonlyMap<string, number>): number {
  for (let at = path; at !== ''; at = at.replace(/(?:\.[^.[]*|\[\d+\]|^[^.[]+)$/, '')) {
    const line = lines.get(at);
    if (line !== undefined) return line;
  }
  return 0;
}
