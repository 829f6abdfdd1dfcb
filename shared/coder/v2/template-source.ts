import { parseTar } from 'nanotar';
import type { V2Client } from './client.ts';

/** The Terraform files of a template's root folder, by name. */
export type TemplateSource = Readonly<Record<string, string>>;

/** Templates are some kilobytes; a person must be able to look at the change of a file. */
const LARGEST_FILE = 256 * 1024;

/** Reads the source of the active version; undefined when Coder shows no such template. @throws ServiceError */
export async function readTemplateSource(
  coder: V2Client,
  organization: string,
  name: string,
  signal: AbortSignal,
): Promise<TemplateSource | undefined> {
  const template = await coder.findTemplate(organization, name, signal);
  const active = template && (await coder.getVersion(template.active_version_id, signal));
  return active && rootFiles(await coder.getFile(active.job.file_id, signal));
}

function rootFiles(archive: ArrayBuffer): TemplateSource {
  const files = parseTar(archive)
    .filter(({ type, size }) => type === 'file' && size <= LARGEST_FILE)
    .map(({ name, text }) => [name.replace(/^\.\//, ''), text] as const);
  return Object.fromEntries(files.filter(([name]) => /^[^/]+\.tf$/.test(name)));
}
