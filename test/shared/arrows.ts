import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** An import of one file by another, as paths below the root of the project. Imports of types count too. */
export interface Arrow {
  from: string;
  to: string;
}

const ROOT = join(import.meta.dirname, '..', '..');
const IMPORT =
  /^\s*(?:import|export)\b[^'";]*?from\s+'(\.[^']+)'|^\s*import\s+'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm;

/** Every import between TypeScript files of these folders, and from them to others. */
export function arrowsOf(...folders: string[]): Arrow[] {
  return folders.flatMap(filesOf).flatMap(from =>
    [...readFileSync(join(ROOT, from), 'utf8').matchAll(IMPORT)].map(([, named, bare, dynamic]) => ({
      from,
      to: relative(ROOT, join(ROOT, dirname(from), (named ?? bare ?? dynamic) as string)),
    })),
  );
}

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.tsx?$/.test(name))
    .map(name => join(folder, name));
}

/** Files that import each other, each group with every file that is on one of its circles. */
export function circlesOf(arrows: readonly Arrow[]): string[][] {
  const reached = new Map<string, Set<string>>();
  for (const { from } of arrows) reached.set(from, reachableFrom(from, arrows));
  const circles = new Map<string, string[]>();
  for (const [file, others] of reached) {
    if (!others.has(file)) continue;
    const circle = [...others].filter(other => reached.get(other)?.has(file)).sort();
    circles.set(circle.join(' '), circle);
  }
  return [...circles.values()];
}

function reachableFrom(file: string, arrows: readonly Arrow[]): Set<string> {
  const found = new Set<string>();
  const open = [file];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { from, to } of arrows) {
      if (from !== next || found.has(to)) continue;
      found.add(to);
      open.push(to);
    }
  }
  return found;
}
