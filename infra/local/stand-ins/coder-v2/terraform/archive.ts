const BLOCK = 512;
const REGULAR_FILE = new Set(['0', '\0']);

/** The text files of a tar archive by name. https://www.gnu.org/software/tar/manual/html_node/Standard.html */
export function readTar(archive: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every(byte => byte === 0)) break;
    const size = Number.parseInt(field(header, 124, 12), 8) || 0;
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (REGULAR_FILE.has(String.fromCharCode(header[156] ?? 0)))
      files.set(nameIn(header), content.toString());
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function nameIn(header: Buffer): string {
  const prefix = field(header, 257, 5) === 'ustar' ? field(header, 345, 155) : '';
  const name = field(header, 0, 100);
  return (prefix ? `${prefix}/${name}` : name).replace(/^\.\//, '');
}

function field(header: Buffer, from: number, length: number): string {
  return header
    .toString('utf8', from, from + length)
    .replace(/\0.*$/s, '')
    .trim();
}
