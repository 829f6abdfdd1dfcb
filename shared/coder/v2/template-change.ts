import { createTwoFilesPatch } from 'diff';
import type { TemplateSource } from './template-source.ts';

/** What a template needs so that a variable names its image, and the nodes pull it with what is delivered to them. */
export type TemplateChange =
  | { kind: 'none' }
  /** @param diff unified */
  | { kind: 'change'; diff: string }
  /** Its source is not simple enough to tell. */
  | { kind: 'unclear' };

interface Line {
  text: string;
  /** False in comments and in heredocs. */
  isCode: boolean;
}

interface SourceFile {
  name: string;
  text: string;
  lines: Line[];
}

/** Lines of a file that others take the place of. */
interface Edit {
  file: SourceFile;
  at: number;
  removed: number;
  added: string[];
}

/** The image of a container as a plain text. Whatever follows it on the line is kept. */
const PLAIN_IMAGE = /^(\s*image\s*=\s*)"([^"$%\\]+)"(.*)$/;
const IMAGE = /^\s*image\s*=/;
const HEREDOC = /<<[-~]?\s*"?(\w+)"?\s*$/;
const PULL_SECRETS = /^\s*(?:dynamic\s+)?"?image_pull_secrets\b/;
const CONTAINER = /^(\s*)container\s*\{\s*$/;

/**
 * Finds what to change, in a template that names one image as a plain text in one of its resources. It reads lines, as
 * `terraform fmt` writes them, and no expressions.
 * @param pullSecret name of the Secret that pods are to pull with; absent where nothing is delivered
 */
export function changeTemplate(
  source: TemplateSource,
  variable: string,
  pullSecret?: string,
): TemplateChange {
  const files = Object.entries(source).map(([name, text]) => ({ name, text, lines: linesOf(text) }));
  const named = nameImage(files, variable);
  if (!named) return { kind: 'unclear' };
  const edits = [...named, ...(pullSecret === undefined ? [] : addPullSecret(files, pullSecret))];
  if (edits.length === 0) return { kind: 'none' };
  const changed = files.filter(file => edits.some(edit => edit.file === file));
  return { kind: 'change', diff: changed.map(file => diffOf(file, edits)).join('') };
}

/** Makes the variable name the image; undefined when it is not clear how. */
function nameImage(files: readonly SourceFile[], variable: string): Edit[] | undefined {
  const code = codeOf(files);
  const isDeclared = code.some(text => new RegExp(`^\\s*variable\\s+"?${variable}"?\\s*\\{`).test(text));
  if (isDeclared && code.some(text => new RegExp(`\\bvar\\.${variable}\\b(?!-)`).test(text))) return [];

  const [file, ...others] = files.filter(({ lines }) => lines.some(isImage));
  const places = file?.lines.filter(isImage) ?? [];
  const [place] = places;
  const [, before, image, after] = PLAIN_IMAGE.exec(place?.text ?? '') ?? [];
  if (!file || others.length > 0 || places.length > 1 || !place || image === undefined) return undefined;

  const at = file.lines.indexOf(place);
  const block = blockAt(file, at);
  if (!/^resource\s/.test(file.lines[block]?.text ?? '')) return undefined;
  const declaration = isDeclared ? [] : declarationOf(variable, image);
  return [
    { file, at, removed: 1, added: [`${before}var.${variable}${after}`] },
    { file, at: block, removed: 0, added: declaration },
  ];
}

/** Lets a pod pull with the Secret, beside its one container, where the template names no Secret yet. */
function addPullSecret(files: readonly SourceFile[], name: string): Edit[] {
  if (codeOf(files).some(text => PULL_SECRETS.test(text))) return [];
  const edits = files.flatMap(file =>
    file.lines.flatMap(({ text, isCode }, at): Edit[] => {
      const [, indent] = (isCode && CONTAINER.exec(text)) || [];
      const isOfPod = /^resource\s+"kubernetes_/.test(file.lines[blockAt(file, at)]?.text ?? '');
      if (indent === undefined || !isOfPod) return [];
      const block = ['image_pull_secrets {', `  name = "${name}"`, '}'].map(line => indent + line);
      return [{ file, at, removed: 0, added: block }];
    }),
  );
  return edits.length === 1 ? edits : [];
}

function codeOf(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ lines }) => lines.filter(({ isCode }) => isCode).map(({ text }) => text));
}

/** The line that opens the block at the top in which a line is. */
function blockAt({ lines }: SourceFile, at: number): number {
  return lines.findLastIndex(({ text, isCode }, i) => i < at && isCode && /^\w/.test(text));
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

function diffOf(file: SourceFile, edits: readonly Edit[]): string {
  const changed = file.lines.map(({ text }) => text);
  const fromTheEnd = edits.filter(edit => edit.file === file).sort((a, b) => b.at - a.at);
  for (const { at, removed, added } of fromTheEnd) changed.splice(at, removed, ...added);
  const names = [`a/${file.name}`, `b/${file.name}`] as const;
  const patch = createTwoFilesPatch(...names, file.text, changed.join('\n'), undefined, undefined, {
    context: 3,
  });
  return patch.slice(patch.indexOf('--- '));
}
