import { notFound } from './errors.ts';
import type { CoderState } from './state.ts';
import { readTemplate, type TemplateSource } from './terraform/template-source.ts';

/** Reads each file once. */
export function createTemplateReader({ files }: CoderState): (fileId: string) => TemplateSource {
  const read = new Map<string, TemplateSource>();
  return fileId => {
    const known = read.get(fileId);
    if (known) return known;
    const file = files.find(({ id }) => id === fileId);
    if (!file) throw notFound();
    const source = readTemplate(file.content);
    read.set(fileId, source);
    return source;
  };
}
