import fc from 'fast-check';
import { expect, test } from 'vitest';
import { image } from '../../infra/local/oci-image.ts';
import { type CatalogEntry, parseCatalog } from '../../shared/coder/v2/catalog/value.ts';
import { handleEvent } from '../../shared/images/receive.ts';
import { sweep } from '../../shared/images/sweep.ts';
import { reconcile } from '../../shared/reconciliation/reconcile.ts';
import { type Bridge, call, deleteEvent, startBridge } from '../support/bridge.ts';
import { histories, type Step } from '../support/catalog-history.ts';
import { coderOf, createTemplate } from '../support/coder-v2.ts';
import { damageRow } from '../support/damage.ts';

/** How many histories there are. */
const RUNS = Number(process.env.HISTORIES ?? 1);
const SEED = Number(process.env.SEED ?? 1);
const REPOSITORIES = ['team/base', 'team/cuda', 'ml/gpu'];
/** Real time that an event gets, so that versions are still being built when the next thing happens. */
const BUDGET_MS = 300;

/** What happened so far, as far as the bridge was told. */
interface World {
  bridge: Bridge;
  /** Digests by `repository:tag`. */
  registry: Map<string, string>;
  /** Ids by the names of workspaces. */
  workspaces: Map<string, string>;
  person: Record<string, string>;
  versions: number;
}

async function startWorld(): Promise<World> {
  const bridge = await startBridge({ coderGeneration: 'v2' });
  const coder = coderOf(bridge.cloud);
  Object.assign(coder.switches, { acquireMs: 5, importMs: 10, buildMs: 0 });
  coder.people.add({ username: 'anna', roles: ['owner'] });
  const person = { 'coder-session-token': coder.people.token('anna'), 'content-type': 'application/json' };
  await createTemplate(bridge.cloud, 'list');
  const templates = [{ template: 'list', as: 'catalog', keepTags: 20 }];
  const rules = ['team/*', 'ml/*'].map(repository => ({ repository, templates, onDelete: 'remove' }));
  await bridge.put({ policy: { rules } });
  return { bridge, registry: new Map(), workspaces: new Map(), person, versions: 0 };
}

/** Looks at each version that becomes active, before Coder is asked anything else. */
function watch(world: World): void {
  const { requests } = coderOf(world.bridge.cloud);
  const { begin } = requests;
  let last: string | undefined;
  requests.begin = request => {
    const active = activeOf(world);
    if (active?.id !== last && !request.url.pathname.startsWith('/_stand-in')) {
      last = active?.id;
      world.versions += 1;
      expectRight(world);
    }
    return begin(request);
  };
}

function activeOf({ bridge }: World) {
  const { templates, versions } = coderOf(bridge.cloud).state();
  const id = templates.find(({ settings }) => settings.name === 'list')?.activeVersionId;
  return versions.find(version => version.id === id);
}

function entriesOf(world: World): CatalogEntry[] {
  const text = activeOf(world)?.variables.find(({ name }) => name === 'images')?.value;
  return parseCatalog(text) ?? [];
}

function expectRight(world: World): void {
  const entries = entriesOf(world);
  const ids = entries.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, kept } of entries) if (!kept) expect([...world.registry.keys()]).toContain(id);
  for (const id of world.workspaces.values()) expect(ids).toContain(id);
}

async function live(world: World, step: Step): Promise<void> {
  const { bridge, registry, workspaces, person } = world;
  const { clock } = bridge.cloud;
  const wait = async (ms: number) => clock.advance(Math.min(Math.max(ms, 0), 1_000));
  const services = { ...bridge.services, importBudgetMs: BUDGET_MS, wait };
  const coder = coderOf(bridge.cloud);
  clock.advance(1_000);
  switch (step.do) {
    case 'push': {
      const reference = `${REPOSITORIES[step.at]}:v${step.tag}`;
      const content = `${REPOSITORIES[step.at]} ${step.tag} ${step.content}`;
      registry.set(reference, await bridge.push(reference, image({ content })));
      return bridge.pushed(reference, { services });
    }
    case 'delete': {
      const repository = REPOSITORIES[step.at] as string;
      const digest = registry.get(`${repository}:v${step.tag}`);
      if (!digest) return;
      await bridge.deleteManifest(repository, digest);
      const event = deleteEvent(bridge.cloud.registry.resourceId, repository, digest, clock.now());
      await handleEvent(services, event, bridge.log);
      registry.delete(`${repository}:v${step.tag}`);
      return;
    }
    case 'start': {
      const entries = entriesOf(world);
      const entry = entries[step.which % Math.max(entries.length, 1)];
      if (!entry) return;
      const name = `w${workspaces.size}-${step.which}`;
      const template_id = coder.state().templates.find(({ settings }) => settings.name === 'list')?.id;
      const body = { name, template_id, rich_parameter_values: [{ name: 'image', value: entry.id }] };
      workspaces.set(name, entry.id);
      return call(`${coder.url}/api/v2/users/me/workspaces`, 'POST', person, body);
    }
    case 'stop': {
      const [name] = [...workspaces.keys()].slice(step.which % Math.max(workspaces.size, 1));
      const id = coder.state().workspaces.find(workspace => workspace.name === name)?.id;
      if (!name || !id) return;
      workspaces.delete(name);
      const deletion = { transition: 'delete' };
      await call(`${coder.url}/api/v2/workspaces/${id}/builds`, 'POST', person, deletion).catch(
        () => undefined,
      );
      return;
    }
    case 'damage': {
      const row = ['images', '@templates', `${coder.organizationId}|list`] as const;
      await damageRow(bridge, row, { rollout: '{"wishes":1}' }).catch(() => undefined);
      return;
    }
    case 'build':
      clock.advance(60_000);
      return sweep(services, AbortSignal.timeout(5_000), bridge.log);
  }
}

/** With all the time that it takes, until only images that are in use wait. */
async function settle({ bridge }: World): Promise<void> {
  const { services, log, cloud } = bridge;
  const pending = async () => {
    const { items } = await services.images.list(
      { registry: 'contoso', states: ['pending'] as const },
      { limit: 1_000 },
    );
    return items.filter(({ reason }) => reason !== 'tag-in-use');
  };
  const signal = () => AbortSignal.timeout(60_000);
  const wait = async (ms: number) => cloud.clock.advance(Math.min(Math.max(ms, 0), 1_000));
  for (let i = 0; i < 30; i += 1) {
    cloud.clock.advance(31 * 60_000);
    await sweep({ ...services, wait }, signal(), log);
    if (i > 2 && (await pending()).length === 0) break;
  }
  // What was given up on a slow machine is tried again.
  await services.reports.start('contoso', false);
  await reconcile(services, 'contoso', signal(), log);
  for (let i = 0; i < 3; i += 1) {
    cloud.clock.advance(31 * 60_000);
    await sweep({ ...services, wait }, signal(), log);
  }
  expect(await pending()).toEqual([]);
}

// Versions are being built while images are pushed and deleted, people start workspaces, and what is remembered is lost.
test('a catalog never offers what the registry does not have, and never loses what a workspace uses', async () => {
  const property = fc.asyncProperty(histories, async steps => {
    const world = await startWorld();
    try {
      watch(world);
      for (const step of steps) await live(world, step);
      await settle(world);
      expectRight(world);
      const offered = entriesOf(world).filter(({ kept }) => !kept);
      expect(offered.map(({ id }) => id).sort()).toEqual([...world.registry.keys()].sort());
      for (const { id, image: named } of offered) expect(named).toContain(world.registry.get(id));
      expect(world.versions).toBeGreaterThan(3);
    } finally {
      await world.bridge.close();
    }
  });
  await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true });
}, 600_000);
