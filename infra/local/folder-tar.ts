import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { tarOf } from './tar.ts';

/** The two empty blocks that end an archive. */
const END_BYTES = 1024;
/** A header of the first tar format has no room for more. */
const LONGEST_NAME = 100;

/** A tar archive of text files by name, as `POST /files` of Coder takes it. */
export function tarOfFiles(files: Record<string, string>): Buffer {
  const entries = Object.entries(files).map(([name, text]) => {
    if (Buffer.byteLength(name) > LONGEST_NAME)
      throw new Error(`${name} is too long a name for a tar archive.`);
    return tarOf(name, text).subarray(0, -END_BYTES);
  });
  return Buffer.concat([...entries, Buffer.alloc(END_BYTES)]);
}

/** A tar archive of all text files in the folder and below it, the same for the same files. */
export async function tarOfFolder(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  const files: Record<string, string> = {};
  for (const path of paths.sort()) {
    files[relative(folder, path).split(sep).join('/')] = await readFile(path, 'utf8');
  }
  return tarOfFiles(files);
}
