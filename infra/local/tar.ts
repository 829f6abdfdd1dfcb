const BLOCK = 512;

/** A tar archive that holds one text file, owned by root. https://www.gnu.org/software/tar/manual/html_node/Standard.html */
export function tarOf(name: string, text: string): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${octal(content.length)}\0`, 124);
  header.write(`${octal(0)}\0`, 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);

  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  const end = Buffer.alloc(2 * BLOCK);
  return Buffer.concat([header, content, padding, end]);
}

function octal(value: number): string {
  return value.toString(8).padStart(11, '0');
}
