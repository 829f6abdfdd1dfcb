import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

export interface BundledApp {
  /** A directory of its own, with a host.json. */
  directory: string;
  /** The bundle, made as for production. */
  file: string;
  remove(): Promise<void>;
}

/** Bundles an app that is given as TypeScript source; imports resolve as if it stood in this folder. */
export async function bundleApp(source: string, hostJson: object = { version: '2.0' }): Promise<BundledApp> {
  const directory = await mkdtemp(join(tmpdir(), 'functions-host-'));
  const file = join(directory, 'index.cjs');
  await writeFile(join(directory, 'host.json'), JSON.stringify(hostJson));
  await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['@azure/functions-core'],
  });
  return { directory, file, remove: () => rm(directory, { recursive: true, force: true }) };
}
