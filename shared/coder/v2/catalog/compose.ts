import { isSameImage, parseValue } from '../value.ts';
import { type CatalogEntry, fits, hash } from './value.ts';
import { type Catalog, type CatalogWish, inOrder } from './wish.ts';

/** What decides about the value of one catalog. */
export interface CatalogFacts {
  catalog: Catalog;
  /** Images that are to stay away. */
  held: readonly string[];
  /** What the active version offers. */
  shown: readonly CatalogEntry[];
}

/**
 * What stands for all that is to be offered, so that a person can take it back as a whole. What only stays, since it is
 * in use or a person entered it, does not matter.
 */
export function offerOf({ catalog, held }: Omit<CatalogFacts, 'shown'>): string {
  const values = wishedEntries({ catalog, held, shown: [] }).map(({ image }) => image);
  return `offer ${hash(values.sort().join())}`;
}

/** Entries that nothing wishes for any more. They leave unless they are in use. */
export function leavingEntries(facts: CatalogFacts): CatalogEntry[] {
  const wished = new Set(wishedEntries(facts).map(({ id }) => id));
  return facts.shown.filter(entry => !wished.has(entry.id) && isKnown(facts.catalog, entry));
}

/**
 * The entries of the next version: what is wished for, then what people entered of repositories that are none of the
 * bridge's, then what is in use. What is new waits while there is no room.
 */
export function composeCatalog(facts: CatalogFacts, isInUse: (id: string) => boolean): CatalogEntry[] {
  const { catalog, shown } = facts;
  const wished = wishedEntries(facts);
  const ids = new Set(wished.map(({ id }) => id));
  const others = shown.filter(({ id }) => !ids.has(id));
  const foreign = others.filter(entry => !isKnown(catalog, entry));
  const leaving = others.filter(entry => isKnown(catalog, entry) && isInUse(entry.id));
  const rest = [...foreign, ...leaving.map(entry => ({ ...entry, kept: true }))];
  const had = new Set(shown.map(({ id }) => id));
  for (;;) {
    const entries = [...wished, ...rest];
    const last = wished.findLastIndex(({ id }) => !had.has(id));
    if (fits(entries) || last < 0) return distinct(entries);
    wished.splice(last, 1);
  }
}

/** Whether there is room for all that is wished. */
export function hasRoom(catalog: Catalog): boolean {
  return fits(wishedEntries({ catalog, held: [], shown: [] }));
}

/** The newest of the entries that a version has and the one before it had not. */
export function newestNew(
  entries: readonly CatalogEntry[],
  before: readonly CatalogEntry[],
  catalog: Catalog,
): CatalogEntry | undefined {
  const wishes = inOrder(catalog).map(({ wish }) => wish);
  const pushedMs = ({ image }: CatalogEntry) =>
    wishes.find(({ value }) => value === image)?.pushedOn.getTime() ?? 0;
  return entries
    .filter(({ image, kept }) => !kept && !before.some(other => isSameImage(other.image, image)))
    .sort((a, b) => pushedMs(b) - pushedMs(a))[0];
}

/** The entry of a tag. */
export function entryOf(
  entries: readonly CatalogEntry[],
  name: string,
  tag: string,
): CatalogEntry | undefined {
  return entries.find(entry => nameOf(entry) === name && tagOf(entry) === tag);
}

/** `host/repository` of what an entry names. */
export function nameOf({ image }: CatalogEntry): string {
  return parseValue(image)?.name ?? image;
}

/** A reference by digest alone has its tag in the id. */
export function tagOf({ id, image }: CatalogEntry): string {
  return parseValue(image)?.tag ?? id.slice(id.lastIndexOf(':') + 1);
}

function isKnown(catalog: Catalog, entry: CatalogEntry): boolean {
  return Object.hasOwn(catalog, nameOf(entry));
}

function wishedEntries({ catalog, held, shown }: CatalogFacts): CatalogEntry[] {
  const wishes = inOrder(catalog);
  const prefixes = idPrefixes(
    wishes.map(({ name }) => name),
    shown,
  );
  return wishes
    .filter(({ wish }) => !held.some(value => isSameImage(value, wish.value)))
    .map(({ name, wish }) => toEntry(`${prefixes.get(name)}:${wish.tag}`, wish));
}

/** The name of the option is its id, since Coder takes no two options of one name. */
function toEntry(id: string, { value, description = '' }: CatalogWish): CatalogEntry {
  return { id, name: id, description, image: value, kept: false };
}

/**
 * What the ids of each repository begin with: its name, and the host before it where another registry has a repository
 * of that name. What the active version calls them they are called further, since workspaces keep the id.
 */
function idPrefixes(names: readonly string[], shown: readonly CatalogEntry[]): Map<string, string> {
  const prefixes = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const entry of shown) {
    const name = nameOf(entry);
    const prefix = entry.id.slice(0, entry.id.lastIndexOf(':'));
    if (!owners.has(prefix)) owners.set(prefix, name);
    const isOurs = prefix === name || prefix === repositoryOf(name);
    if (isOurs && owners.get(prefix) === name && !prefixes.has(name)) prefixes.set(name, prefix);
  }
  for (const name of names) {
    if (prefixes.has(name)) continue;
    const repository = repositoryOf(name);
    const prefix = owners.has(repository) ? name : repository;
    owners.set(prefix, name);
    prefixes.set(name, prefix);
  }
  return prefixes;
}

function repositoryOf(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/** People may have entered an id or a name twice, with which Terraform or Coder refuses the whole list. */
function distinct(entries: readonly CatalogEntry[]): CatalogEntry[] {
  const isFirst = (field: 'id' | 'name', { [field]: text }: CatalogEntry, at: number) =>
    entries.findIndex(other => other[field] === text) === at;
  return entries.flatMap((entry, i) => {
    if (!isFirst('id', entry, i)) return [];
    return isFirst('name', entry, i) ? [entry] : [{ ...entry, name: entry.id }];
  });
}
