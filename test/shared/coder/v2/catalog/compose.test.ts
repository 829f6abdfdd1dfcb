import fc from 'fast-check';
import { expect, test } from 'vitest';
import { composeCatalog } from '../../../../../shared/coder/v2/catalog/compose.ts';
import { type CatalogEntry, stampOf } from '../../../../../shared/coder/v2/catalog/value.ts';
import type { CatalogWish } from '../../../../../shared/coder/v2/catalog/wish.ts';
import { inOrder, withWish } from '../../../../../shared/coder/v2/catalog/wish.ts';
import { parseValue } from '../../../../../shared/coder/v2/value.ts';
import {
  type CatalogWorld,
  entriesOf,
  histories,
  live,
  newWorld,
  referenceOf,
} from '../../../../support/catalog-history.ts';

const RUNS = 200;

test('a catalog never offers what the registry does not have, and never loses what is in use', () => {
  const offered = { entries: 0, kept: 0, most: 0 };
  const property = fc.property(histories, steps => {
    const world = newWorld();
    steps.forEach((step, i) => {
      const before = entriesOf(world);
      live(world, step, i);
      if (step.do !== 'build') return;
      const entries = expectValid(world.text);
      expectRight(world, before, entries);
      const kept = entries.filter(entry => entry.kept).length;
      offered.entries += entries.length;
      offered.kept += kept;
      offered.most = Math.max(offered.most, entries.length);
    });
  });
  fc.assert(property, { numRuns: RUNS });
  // Otherwise nothing was tried.
  expect(offered.kept).toBeGreaterThan(RUNS / 4);
  expect(offered.most).toBeGreaterThan(20);
});

/** As the sample template reads it, with what Terraform and Coder refuse. */
function expectValid(text: string): CatalogEntry[] {
  const entries = JSON.parse(text) as CatalogEntry[];
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(32_000);
  for (const entry of entries) {
    expect(Object.keys(entry)).toEqual(['id', 'name', 'description', 'image', 'kept']);
    expect(parseValue(entry.image)).toMatchObject({ digest: expect.any(String) });
  }
  for (const field of ['id', 'name'] as const)
    expect(new Set(entries.map(entry => entry[field])).size).toBe(entries.length);
  return entries;
}

function expectRight(
  { registry, workspaces, catalog }: CatalogWorld,
  before: readonly CatalogEntry[],
  entries: readonly CatalogEntry[],
): void {
  for (const entry of entries) {
    const digest = registry.get(referenceOf(entry));
    // Of a repository about which everything was forgotten nothing is known until its next push or delete.
    const isForgotten = !Object.hasOwn(catalog, parseValue(entry.image)?.name ?? '');
    if (entry.kept && !isForgotten) expect(workspaces).toContain(entry.id);
    else if (!isForgotten) expect(entry.image).toContain(digest ?? 'nothing');
    const same = before.find(({ id }) => id === entry.id);
    if (same) expect(referenceOf(entry)).toBe(referenceOf(same));
  }
  for (const id of workspaces) expect(entries.map(entry => entry.id)).toContain(id);
  for (const { wish } of inOrder(catalog)) expect(entries.map(({ image }) => image)).toContain(wish.value);
}

const wish = (tag: string, more: Partial<CatalogWish> = {}): CatalogWish => ({
  ...{ registry: 'contoso', repository: 'team/base', tag, digest: 'sha256:0', choice: 'newest' },
  ...{ value: `c.azurecr.io/team/base:${tag}@sha256:${tag.slice(1).padStart(64, '0')}` },
  ...{ pushedOn: new Date(Number.parseInt(tag.slice(1), 10) * 1_000), rank: 0, keepTags: 3, ...more },
});
const tagsOf = (group: readonly CatalogWish[]) => group.map(({ tag }) => tag);
const add = (wishes: readonly CatalogWish[]) => wishes.reduce<CatalogWish[]>(withWish, []);

test.each([
  ['newest', ['v4', 'v3', 'v2']],
  ['first', ['v1', 'v4', 'v3']],
] as const)(
  'with defaultTag %s a repository has these tags, and the first is the default',
  (choice, tags) => {
    expect(tagsOf(add(['v2', 'v1', 'v4', 'v3'].map(tag => wish(tag, { choice }))))).toEqual(tags);
  },
);

test('a push of the same digest moves nothing, and a rule that keeps fewer tags drops the oldest', () => {
  const group = add(['v1', 'v2', 'v3'].map(tag => wish(tag)));

  expect(tagsOf(withWish(group, wish('v1', { pushedOn: new Date(9_000) })))).toEqual(['v3', 'v2', 'v1']);
  expect(tagsOf(withWish(group, wish('v4', { keepTags: 2 })))).toEqual(['v4', 'v3']);
});

test('what people entered of other registries stays, and what they hold apart from it is not offered', () => {
  const theirs = { id: 'ubuntu', name: 'Ubuntu', icon: '/u.svg', image: 'docker.io/library/ubuntu:24.04' };
  const catalog = { 'c.azurecr.io/team/base': [wish('v2'), wish('v1')] };

  const entries = composeCatalog({ catalog, held: [wish('v2').value], shown: [theirs] }, () => false);

  expect(entries).toEqual([expect.objectContaining({ id: 'team/base:v1' }), theirs]);
});

test('when there is no room, what is in use and what was offered stays', () => {
  const long = (tag: string) => wish(tag, { description: 'x'.repeat(256), keepTags: 100 });
  const tags = Array.from({ length: 100 }, (_, i) => long(`v${i}`));
  const shown = [...entriesIn(tags.slice(0, 50)), { id: 'old', image: 'c.azurecr.io/team/base:old' }];

  const entries = composeCatalog({ catalog: catalogOf(tags), held: [], shown }, id => id === 'old');

  expectValid(JSON.stringify(entries.filter(({ id }) => id !== 'old')));
  expect(entries.at(-1)).toMatchObject({ id: 'old', kept: true });
  for (const { id } of shown) expect(entries.map(entry => entry.id)).toContain(id);
  expect(entries.length).toBeGreaterThan(51);
  expect(entries.length).toBeLessThan(100);
});

const catalogOf = (group: CatalogWish[]) => ({ 'c.azurecr.io/team/base': group });
const entriesIn = (group: CatalogWish[]) =>
  composeCatalog({ catalog: catalogOf(group), held: [], shown: [] }, () => false);

test('a stamp stands for what is too long to remember', () => {
  const text = JSON.stringify(entriesIn([wish('v2'), wish('v1')]));

  expect(stampOf(text)).toMatch(/^2 images [0-9a-f]{8}$/);
  expect(stampOf(`${text} `)).not.toBe(stampOf(text));
  expect(stampOf('x'.repeat(600))).toMatch(/^text [0-9a-f]{8}$/);
  expect(stampOf('ubuntu:24.04')).toBe('ubuntu:24.04');
});
