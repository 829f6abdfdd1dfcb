import { createTwoFilesPatch } from 'diff';
import type { TemplateSource } from './template-source.ts';

/** What a template needs so that a variable names its image. */
export type TemplateChange =
  | { kind: 'none' }
  /** @param diff unified, of the one file */
  | { kind: 'change'; diff: string }
  /** Its source is not simple enough to tell. */
  | { kind: 'unclear' };

interface Line {
  text: string;
  /** False in comments and in heredocs. */
  isCode: boolean;
}

/** The image of a container as a plain text. Whatever follows it on the line is kept. */
const PLAIN_IMAGE = /^(\s*image\s*=\s*)"([^"$%\\]+)"(.*)$/;
const IMAGE = /^\s*image\s*=/;
const HEREDOC = /<<[-~]?\s*"?(\w+)"?\s*$/;

/**
 * Finds what to change, in a template that names one image as a plain text in one of its resources. It reads lines, as
 * `terraform fmt` writes them, and no expressions.
 */
export function changeTemplate(source: TemplateSource, variable: string): TemplateChange {
  const files = Object.entries(source).map(([name, text]) => ({ name, text, lines: linesOf(text) }));
  const code = files.flatMap(({ lines }) => lines.filter(({ isCode }) => isCode).map(({ text }) => text));
  const isDeclared = code.some(text => new RegExp(`^\\s*variable\\s+"?${variable}"?\\s*\\{`).test(text));
  if (isDeclared && code.some(text => new RegExp(`\\bvar\\.${variable}\\b(?!-)`).test(text)))
    return { kind: 'none' };

  const [file, ...others] = files.filter(({ lines }) => lines.some(isImage));
  const places = file?.lines.filter(isImage) ?? [];
  const [place] = places;
  const [, before, image, after] = PLAIN_IMAGE.exec(place?.text ?? '') ?? [];
  if (!file || others.length > 0 || places.length > 1 || !place || image === undefined)
    return { kind: 'unclear' };

  const at = file.lines.indexOf(place);
  const block = file.lines.findLastIndex(({ text, isCode }, i) => i < at && isCode && /^\w/.test(text));
  if (!/^resource\s/.test(file.lines[block]?.text ?? '')) return { kind: 'unclear' };
  const declaration = isDeclared ? [] : declarationOf(variable, image);
  const changed = file.lines.map(({ text }) => text);
  changed[at] = `${before}var.${variable}${after}`;
  changed.splice(block, 0, ...declaration);
  return { kind: 'change', diff: diffOf(file.name, file.text, changed.join('\n')) };
}

function isImage({ text, isCode }: Line): boolean {
  return isCode && IMAGE.test(text);
}

function linesOf(text: string): Line[] {
  let end: RegExp | undefined;
  return text.split('\n').map(line => {
    if (end) {
      if (end.test(line)) end = undefined;
      return { text: line, isCode: false };
    }
    if (/^\s*(?:#|\/\/)/.test(line)) return { text: line, isCode: false };
    const [, word] = HEREDOC.exec(line) ?? [];
    if (word) end = new RegExp(`^\\s*${word}\\s*$`);
    else if (/^\s*\/\*/.test(line) && !line.includes('*/')) end = /\*\//;
    return { text: line, isCode: !/^\s*\/\*/.test(line) };
  });
}

function declarationOf(variable: string, image: string): string[] {
  return [`variable "${variable}" {`, '  type    = string', `  default = "${image}"`, '}', ''];
}

function diffOf(name: string, before: string, after: string): string {
  const patch = createTwoFilesPatch(`a/${name}`, `b/${name}`, before, after, undefined, undefined, {
    context: 3,
  });
  return patch.slice(patch.indexOf('--- '));
}
