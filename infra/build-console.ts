import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

// Makes the console, one file with its script and its style inline: dist/console.html.

const ROOT = join(import.meta.dirname, '..');
const SOURCE = join(ROOT, 'console');
const OUTPUT = join(ROOT, 'dist', 'console.html');

/** What each of these marks in the page is replaced by. */
async function contents(): Promise<Record<string, string>> {
  const { outputFiles } = await build({
    entryPoints: [join(SOURCE, 'main.tsx'), join(SOURCE, 'style.css')],
    outdir: 'unused',
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  const text = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text.trim() ?? '';
  // The only text that could end the script early.
  return { SCRIPT: text('.js').replaceAll('</script', '<\\/script'), STYLE: text('.css') };
}

const [page, inline] = await Promise.all([readFile(join(SOURCE, 'page.html'), 'utf8'), contents()]);
await mkdir(join(ROOT, 'dist'), { recursive: true });
await writeFile(
  OUTPUT,
  page.replaceAll(/\/\* (SCRIPT|STYLE) \*\//g, (_, name: string) => inline[name] ?? ''),
);
