import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { quote } from '../../shared/azure/az-commands.ts';
import type { SetupGuide } from '../../shared/guide/schema.ts';

/** Every command of a guide. */
export const runsOf = ({ steps }: SetupGuide) =>
  steps.flatMap(({ commands }) => commands.map(({ run }) => run));

export function bash(script: string, ...options: string[]) {
  return spawnSync('bash', options, { input: script, encoding: 'utf8' });
}

/** What the programs are called with, and sent, and what is written, when a whole guide is run in one shell. */
export async function follow(
  guide: SetupGuide,
): Promise<{ calls: string[][]; sent: string[]; applied: string[]; files: Record<string, string> }> {
  const folder = await mkdtemp(join(tmpdir(), 'setup-guide-'));
  try {
    const work = join(folder, 'work');
    const given = guide.placeholders.flatMap(({ name, setBy }) =>
      setBy === 'you' ? [`${name}=${name}`] : [],
    );
    const script = [
      'set -eu',
      `mkdir ${quote(work)} && cd ${quote(work)}`,
      `calls=${quote(join(folder, 'calls'))} sent=${quote(join(folder, 'sent'))}`,
      `applied=${quote(join(folder, 'applied'))}`,
      'touch "$sent" "$applied"',
      String.raw`note() { { printf '%s\0' "$@"; printf '\1\0'; } >>"$calls"; }`,
      'az() { note az "$@"; case "$*" in *"credential generate"*) echo pull-password;; *) echo found;; esac; }',
      `coder() { note coder "$@"; case "$*" in "templates pull"*) mkdir "$4";; "tokens create"*) echo coder-token;; esac; }`,
      String.raw`kubectl() { note kubectl "$@"; if [[ "$*" == *"--filename -" ]]; then { cat; printf '\0'; } >>"$applied"; fi; }`,
      'helm() { note helm "$@"; }',
      String.raw`docker() { note docker "$@"; { cat; printf '\0'; } >>"$sent"; }`,
      String.raw`curl() { note curl "$@"; if [[ "$*" == *@-* ]]; then { cat; printf '\0'; } >>"$sent"; fi; }`,
      ...given,
      ...runsOf(guide),
    ].join('\n');
    const { status, stderr } = bash(script);
    expect([status, stderr]).toEqual([0, '']);
    const calls = (await readFile(join(folder, 'calls'), 'utf8')).split('\u0001\0').slice(0, -1);
    const sent = (await readFile(join(folder, 'sent'), 'utf8')).split('\0').slice(0, -1);
    const applied = (await readFile(join(folder, 'applied'), 'utf8')).split('\0').slice(0, -1);
    const files = await readAll(work);
    return { files, applied, calls: calls.map(call => call.split('\0').slice(0, -1)), sent };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The files of a folder with their texts, by their paths. */
async function readAll(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    paths.map(async path => [relative(folder, path), await readFile(path, 'utf8')] as const),
  );
  return Object.fromEntries(texts);
}

/** The value after an option, for each call that has it. */
export function optionsOf(calls: string[][], option: string): string[] {
  return calls.flatMap(call => (call.includes(option) ? [call[call.indexOf(option) + 1] as string] : []));
}

/** Reads the little YAML that Helm values here are made of: mappings, and strings in double quotes. */
export function readYaml(text: string): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  const open = [root];
  for (const line of text.trimEnd().split('\n')) {
    const [, indent = '', key = '', value] = /^((?: {2})*)([\w./-]+):(?: (".*"))?$/.exec(line) ?? [];
    if (key === '') throw new Error(`Not YAML as written here: ${line}`);
    const depth = indent.length / 2;
    const parent = open[depth];
    if (!parent) throw new Error(`Indented too far: ${line}`);
    const content = value === undefined ? {} : JSON.parse(value);
    parent[key] = content;
    open.length = depth + 1;
    if (value === undefined) open.push(content);
  }
  return root;
}
