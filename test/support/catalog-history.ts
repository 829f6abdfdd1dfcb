import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { composeCatalog, nameOf, tagOf } from '../../shared/coder/v2/catalog/compose.ts';
import { type CatalogEntry, formatCatalog, parseCatalog } from '../../shared/coder/v2/catalog/value.ts';
import { type Catalog, type CatalogWish, trimmed, withWish } from '../../shared/coder/v2/catalog/wish.ts';

/** Three repositories, of which two have one name in two registries. */
const REPOSITORIES = [
  'contoso.azurecr.io/team/base',
  'fabrikam.azurecr.io/team/base',
  'contoso.azurecr.io/ml/gpu',
];
const TAGS = 20;

/** One thing that happens to a catalog, or to what uses it. */
export type Step =
  | { do: 'push'; at: number; tag: number; content: number }
  | { do: 'delete'; at: number; tag: number }
  /** A person starts a workspace from one of the options, or deletes one. */
  | { do: 'start'; which: number }
  | { do: 'stop'; which: number }
  /** The next version becomes active. */
  | { do: 'build' }
  /** What the bridge remembers is lost. */
  | { do: 'damage' };

const at = fc.nat(REPOSITORIES.length - 1);
const tag = fc.nat(TAGS - 1);
const which = fc.nat(1_000);
export const histories: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('push' as const), at, tag, content: fc.nat(3) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), at, tag }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('start' as const), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('stop' as const), which }) },
    { weight: 5, arbitrary: fc.constant({ do: 'build' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'damage' as const }) },
  ),
  { minLength: 10, maxLength: 120, size: 'max' },
);

/** A registry, a template with a catalog, its workspaces, and what the bridge remembers. */
export interface CatalogWorld {
  /** Digests by `host/repository:tag`. */
  registry: Map<string, string>;
  catalog: Catalog;
  /** What the active version holds. */
  text: string;
  /** The ids that workspaces have. */
  workspaces: string[];
}

export const newWorld = (): CatalogWorld => ({
  registry: new Map(),
  catalog: {},
  text: '[]',
  workspaces: [],
});

export const entriesOf = ({ text }: CatalogWorld): CatalogEntry[] => parseCatalog(text) ?? [];

/** @param time of a push, later each time */
export function live(world: CatalogWorld, step: Step, time: number): void {
  const { registry, workspaces } = world;
  switch (step.do) {
    case 'push': {
      const name = REPOSITORIES[step.at] as string;
      const digest = createHash('sha256').update(`${name} ${step.content}`).digest('hex');
      registry.set(`${name}:v${step.tag}`, `sha256:${digest}`);
      const others = world.catalog[name] ?? known(world, name, time);
      world.catalog[name] = withWish(others, wish(name, `v${step.tag}`, `sha256:${digest}`, time));
      return;
    }
    case 'delete': {
      const name = REPOSITORIES[step.at] as string;
      registry.delete(`${name}:v${step.tag}`);
      world.catalog[name] = known(world, name, time);
      return;
    }
    case 'start': {
      const entries = entriesOf(world);
      const entry = entries[step.which % Math.max(entries.length, 1)];
      if (entry) workspaces.push(entry.id);
      return;
    }
    case 'stop':
      workspaces.splice(step.which % Math.max(workspaces.length, 1), 1);
      return;
    case 'damage':
      world.catalog = {};
      return;
    case 'build': {
      const facts = { catalog: world.catalog, held: [], shown: entriesOf(world) };
      world.text = formatCatalog(composeCatalog(facts, id => workspaces.includes(id)));
      return;
    }
  }
}

/** What the records of a repository say, when the catalog begins with it or loses a tag. */
function known({ registry, catalog }: CatalogWorld, name: string, time: number): CatalogWish[] {
  const had = (catalog[name] ?? []).filter(({ tag }) => registry.has(`${name}:${tag}`));
  const others = [...registry]
    .filter(([reference]) => reference.startsWith(`${name}:`))
    .map(([reference, digest]) => wish(name, reference.slice(name.length + 1), digest, time - 1_000));
  return trimmed([...had, ...others.filter(other => !had.some(({ tag }) => tag === other.tag))]);
}

function wish(name: string, tag: string, digest: string, time: number): CatalogWish {
  const [registry = '', ...rest] = name.split('/');
  return {
    ...{ registry, repository: rest.join('/'), tag, digest, value: `${name}:${tag}@${digest}` },
    ...{ pushedOn: new Date(time), rank: REPOSITORIES.indexOf(name), keepTags: TAGS, choice: 'newest' },
    description: `"${tag}" of ${name}: \${not.terraform} %{ if } \\ ü`,
  };
}

/** The reference that an entry offers. */
export const referenceOf = (entry: CatalogEntry): string => `${nameOf(entry)}:${tagOf(entry)}`;
