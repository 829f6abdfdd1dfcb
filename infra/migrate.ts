import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { ClassicRegistry, migrate } from './migration.ts';

// The program behind `npm run migrate`: prints the declaration for Coder v2 of a registry declared for Coder Classic.

const USAGE = `npm run --silent migrate -- [--catalog] FILE

Prints the declaration for Coder v2 as JSON, and notes about it to standard error.
FILE has what GET /api/registries/NAME of the bridge for Coder Classic answers, or its policy; - is standard input.
With --catalog each template has a list of the tags of its repository, among which people choose.`;

const CATALOG = '--catalog';

async function main(args: string[]): Promise<void> {
  const [file, ...others] = args.filter(arg => arg !== CATALOG);
  if (file === undefined || others.length > 0 || (file.startsWith('-') && file !== '-'))
    throw new Error(USAGE);
  const registry = ClassicRegistry.safeParse(
    parse(await (file === '-' ? text(process.stdin) : readFile(file, 'utf8'))),
  );
  if (!registry.success) {
    throw new Error(`This is no registry of a bridge for Coder Classic:\n${z.prettifyError(registry.error)}`);
  }
  const { declaration, notes } = migrate(registry.data, args.includes(CATALOG) ? 'catalog' : 'image');
  console.log(JSON.stringify(declaration, null, 2));
  for (const note of notes) console.error(`- ${note}`);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new Error(`This is not JSON: ${(error as Error).message}`);
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
