import semver from 'semver';
import { expect } from 'vitest';
import { handleEvent } from '../../shared/images/receive.ts';
import { sweep } from '../../shared/images/sweep.ts';
import { timeLimit } from '../../shared/lib/time-limit.ts';
import { Policy } from '../../shared/policy/policy.ts';
import { reconcile } from '../../shared/reconciliation/reconcile.ts';
import type { Services } from '../../shared/services.ts';
import { deleteEvent, pushEvent } from '../support/bridge.ts';
import { type History, LETS_THROUGH, POLICIES, type Step, SUSPENDED } from './history.ts';
import { createInstances, untilDone } from './instances.ts';
import { CONTENTS, type Content, REGISTRIES, type RegistryName, type World } from './world.ts';

/** What happened in all histories together. */
export const seen = {
  histories: 0,
  pushes: 0,
  oddManifests: 0,
  deletes: 0,
  untags: 0,
  deliveries: 0,
  redeliveries: 0,
  sweeps: 0,
  reconciliations: 0,
  faults: 0,
  lags: 0,
  locks: 0,
  damages: 0,
  crashes: 0,
};

/** An event that Event Grid keeps until it is answered with success. */
interface Delivery {
  event: object;
  /** `registry repository:tag` of a push. */
  pushed?: string;
  attempts: number;
  acknowledged: boolean;
}

const silent = { info() {}, warn() {}, error() {} };
const MOST_SWEEPS = 12;
/** Far longer than a sweep or a reconciliation takes on a busy machine. */
const SWEEP_MS = 60_000;

/**
 * Lets a history happen, then ends all trouble, and checks what must be true then.
 *
 * @param lossy whether a reconciliation must run before Coder can be right
 */
export async function live(world: World, { policies, steps }: History, lossy: boolean): Promise<void> {
  const queue: Delivery[] = [];
  /** What the registries have: `repository:tag` to digest and content. */
  const held = { contoso: new Map<string, Held>(), fabrikam: new Map<string, Held>() };
  /** Registries of which the own row is damaged. */
  const damaged = new Set<RegistryName>();
  const chosen = { contoso: policies[0], fabrikam: policies[1] };
  const instances = createInstances(world.newInstance, () => {
    seen.crashes += 1;
  });
  const { on } = instances;

  for (const name of REGISTRIES) await world.put(name, { policy: POLICIES[chosen[name]] });
  for (const step of steps) await happen(step);
  await settle();

  async function happen(step: Step): Promise<void> {
    switch (step.do) {
      case 'push':
        return push(step);
      case 'delete':
      case 'untag':
        return take(step);
      case 'policy':
        return change(step.registry, step.policy);
      case 'work':
        return work(step);
      case 'doom':
        instances.doom(step.instance, step.calls);
        return;
      case 'fault':
        seen.faults += 1;
        addFault(step);
        return;
      case 'lag':
        seen.lags += 1;
        return world.lag(step.registry, step.lags);
      case 'lock':
        return lock(step);
      case 'damage':
        return damage(step);
      case 'wait':
        await pass(step.seconds * 1_000);
    }
  }

  async function push({ registry, repository, tag, content, events }: Extract<Step, { do: 'push' }>) {
    seen.pushes += 1;
    if (!CONTENTS.includes(content)) seen.oddManifests += 1;
    await pass(1_000);
    const digest = await untilDone(() => world.push(registry, repository, tag, content.manifest));
    held[registry].set(`${repository}:${tag}`, { digest, content });
    const reference = `${repository}:${tag}`;
    const at = world.cloud.clock.now();
    for (let i = 0; i < events; i++) {
      const event = pushEvent(world.resourceId(registry), reference, at, digest);
      queue.push({ event, pushed: `${registry} ${reference}`, attempts: 0, acknowledged: false });
    }
  }

  async function take(step: Extract<Step, { do: 'delete' | 'untag' }>) {
    const tags = held[step.registry];
    const found = [...tags][step.which % Math.max(tags.size, 1)];
    if (!found) return;
    const [reference, { digest }] = found;
    const [repository, tag] = reference.split(':') as [string, string];
    if (step.do === 'untag') {
      seen.untags += 1;
      await untilDone(() => world.untag(step.registry, repository, tag));
      tags.delete(reference);
      return;
    }
    seen.deletes += 1;
    await untilDone(() => world.deleteManifest(step.registry, repository, digest));
    for (const [other, held] of tags) {
      if (other.startsWith(`${repository}:`) && held.digest === digest) tags.delete(other);
    }
    const at = world.cloud.clock.now();
    for (let i = 0; i < step.events; i++) {
      const event = deleteEvent(world.resourceId(step.registry), repository, digest, at);
      queue.push({ event, attempts: 0, acknowledged: false });
    }
  }

  async function lock({ registry, which }: Extract<Step, { do: 'lock' }>) {
    const tags = [...held[registry].keys()];
    const [repository, tag] = tags[which % Math.max(tags.length, 1)]?.split(':') ?? [];
    if (repository === undefined || tag === undefined) return;
    seen.locks += 1;
    await world.lock(registry, repository, tag);
  }

  async function damage({ registry, which }: Extract<Step, { do: 'damage' }>) {
    const row = await untilDone(() => world.damage(registry, which));
    if (row === undefined) return;
    seen.damages += 1;
    if (row === registry) damaged.add(registry);
  }

  /** A person declares again what cannot be read. */
  async function repair() {
    for (const name of damaged) await change(name, chosen[name]);
    damaged.clear();
  }

  async function change(registry: RegistryName, policy: number) {
    chosen[registry] = policy;
    const declared = policy === SUSPENDED ? { suspended: true } : { policy: POLICIES[policy] };
    await untilDone(
      () => world.put(registry, declared),
      () => pass(3_000),
    );
  }

  async function work(step: Extract<Step, { do: 'work' }>) {
    const known = step.deliver.flatMap(number => queue[number % Math.max(queue.length, 1)] ?? []);
    await Promise.all([
      ...known.map((delivery, i) => deliver(delivery, i)),
      step.sweep && on(0, sweepAll),
      step.sweep && on(1, sweepAll),
      step.reconcile && on(0, services => reconcileAll(services, ['contoso'])),
      step.reconcile && on(1, services => reconcileAll(services, ['fabrikam'])),
    ]);
    await quiet();
  }

  async function deliver(delivery: Delivery, number: number): Promise<void> {
    seen.deliveries += 1;
    if (delivery.attempts++ > 0) seen.redeliveries += 1;
    const outcome = await on(number, services => handleEvent(services, delivery.event, silent));
    if (outcome !== undefined) return;
    delivery.acknowledged = true;
    if (delivery.pushed) await expectWritten(delivery.pushed);
  }

  async function sweepAll(services: Services): Promise<void> {
    seen.sweeps += 1;
    // The clock stands still during a sweep, so it ends where it would wait.
    const ending = new AbortController();
    const limit = timeLimit(SWEEP_MS);
    limit.addEventListener('abort', () => ending.abort());
    await sweep({ ...services, wait: async () => ending.abort() }, ending.signal, silent);
  }

  async function reconcileAll(services: Services, names: readonly RegistryName[]): Promise<void> {
    for (const name of names) {
      seen.reconciliations += 1;
      await services.reports.start(name, false);
      await reconcile(services, name, timeLimit(SWEEP_MS), silent);
    }
  }

  /** An acknowledged push is one of which the outcome, or that it is to be tried again, is written down. */
  async function expectWritten(pushed: string): Promise<void> {
    const [registry, reference] = pushed.split(' ') as [string, string];
    const [repository, tag] = reference.split(':') as [string, string];
    const record = await untilDone(() => world.admin.images.get(registry, { repository, tag }));
    if (!record) throw new Error(`${pushed}: acknowledged without a record`);
    if (record.state !== 'pending') return;
    const due = `${registry} !${record.dueOn?.toISOString()}!${repository.replaceAll('/', '|')}:${tag}`;
    const isThere = (await world.dueRows()).includes(due);
    const now = await untilDone(() => world.admin.images.get(registry, { repository, tag }));
    // It may have been taken up between the two looks.
    if (!isThere && now?.etag === record.etag) throw new Error(`${pushed}: pending without a due row`);
  }

  async function settle(): Promise<void> {
    world.clearFaults();
    for (const name of REGISTRIES) {
      await world.lag(name, false);
      await world.unlockAll(name);
    }
    await repair();
    // Nothing that an instance had in memory may be needed.
    instances.replaceAll();
    await quiet();
    await pass(60_000);
    for (const [i, delivery] of queue.entries()) {
      while (!delivery.acknowledged) await deliver(delivery, i);
    }
    await sweepUntilNothingIsDue();
    if (lossy) {
      for (const name of REGISTRIES) {
        if (chosen[name] === SUSPENDED) await change(name, 0);
      }
      // The first may only end a run that was cut off, and that had passed what has changed since.
      await reconcileAll(world.admin, REGISTRIES);
      await reconcileAll(world.admin, REGISTRIES);
      await sweepUntilNothingIsDue();
    }
    for (const name of REGISTRIES) await expectRight(name);
    await reconcileAll(world.admin, REGISTRIES);
    for (const name of REGISTRIES) {
      const report = await world.admin.reports.get(name);
      expect({ name, state: report?.state, findings: report?.findings }).toEqual({
        ...{ name, state: 'completed', findings: [] },
      });
    }
  }

  async function sweepUntilNothingIsDue(): Promise<void> {
    for (let i = 0; i < MOST_SWEEPS && (await world.dueRows()).length > 0; i++) {
      await pass(200_000);
      await Promise.all([on(0, sweepAll), on(1, sweepAll)]);
    }
    expect(await world.dueRows()).toEqual([]);
  }

  async function expectRight(name: RegistryName): Promise<void> {
    const policy = Policy.parse(POLICIES[chosen[name]]);
    const expected = [...held[name]].filter(([reference, { content }]) => {
      const [repository, tag] = reference.split(':') as [string, string];
      return content.isImage && LETS_THROUGH[chosen[name]]?.(repository, tag);
    });
    const offered = world.offered(name);

    expect({ name, tags: offered.tags }).toEqual({
      name,
      tags: expected.map(([reference, { digest }]) => `${reference} ${digest}`).sort(),
    });
    for (const [repository, tag] of Object.entries(offered.defaults)) {
      expect({ repository, tag }).toEqual({
        repository,
        tag: expectedDefault(policy, repository, tag, expected),
      });
    }
    expect(new Set(offered.images).size, 'no image twice').toBe(offered.images.length);
    expect(offered.registries, 'no registry twice').toBeLessThanOrEqual(1);
    const records = await world.admin.images.list({ registry: name }, { limit: 1_000 });
    const imported = records.items.filter(({ state }) => state === 'imported');
    expect(imported.map(({ repository, tag, digest }) => `${repository}:${tag} ${digest}`).sort()).toEqual(
      offered.tags,
    );
    expect(records.items.filter(({ state }) => state === 'pending' || state === 'failed')).toEqual([]);
  }

  function addFault({ standIn, fault }: Extract<Step, { do: 'fault' }>): void {
    const { standIns, otherRegistries } = world.cloud;
    const hit =
      standIn === 'registry' ? [standIns.registry, otherRegistries[0]?.standIn] : [standIns[standIn]];
    for (const each of hit) each?.faults.add(fault);
  }

  /** Moves the clock when no worker is busy, so that no lease of a live worker runs out. */
  async function pass(ms: number): Promise<void> {
    await quiet();
    world.cloud.clock.advance(ms);
  }

  /** Coder may still work on a request of an instance that died. */
  async function quiet(): Promise<void> {
    while (world.cloud.standIns.coder.requests.underWay() > 0) await new Promise(setImmediate);
  }
}

/** What the default tag must be where the rule says it by versions; elsewhere what it is. */
function expectedDefault(
  policy: Policy,
  repository: string,
  current: string,
  expected: readonly (readonly [string, Held])[],
): string {
  const tags = expected.map(([reference]) => reference.split(':') as [string, string]);
  const versions = tags
    .filter(([name, tag]) => name === repository && semver.valid(tag))
    .map(([, tag]) => tag);
  const byVersion = policy.rules[0]?.defaultTag === 'highest-semver' && versions.length > 0;
  return byVersion ? (semver.rsort(versions)[0] as string) : current;
}

interface Held {
  digest: string;
  content: Content;
}
