import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PAGES, readText } from '../support/docs.ts';

const root = join(import.meta.dirname, '..', '..');
const FILES = [...PAGES, 'CONTRIBUTING.md', '.github/pull_request_template.md'];

const withoutCode = (text: string) => text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`]*`/g, 'code');

/** Anchors as GitHub makes them from headings. */
function anchorsOf(file: string): string[] {
  const seen = new Map<string, number>();
  const text = readText(file).replaceAll(/^```.*?^```$/gms, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

function brokenLinks(file: string): string[] {
  const links = [...withoutCode(readText(file)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter(link => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path ? normalize(join(dirname(file), path)) : file;
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
}

describe.each(FILES)('%s', file => {
  test('has links that lead to a file and a heading', () => {
    expect(brokenLinks(file)).toEqual([]);
  });

  test('names only files that exist', () => {
    const path = /`((?:shared|functions|infra|test|docs|\.ci|\.github|\.devcontainer)\/[\w./-]*)`/g;
    const named = [...readText(file).matchAll(path)].map(([, name = '']) => name);

    expect(named.filter(name => !existsSync(join(root, name)))).toEqual([]);
  });
});

test('the README links to every page', () => {
  const readme = readText('README.md');

  expect(PAGES.filter(page => page !== 'README.md' && !readme.includes(`](${page})`))).toEqual([]);
});
