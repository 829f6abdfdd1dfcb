import { expect } from 'vitest';
import { handleEvent } from '../../shared/images/receive.ts';
import { sweep } from '../../shared/images/sweep.ts';
import type { Services } from '../../shared/services.ts';
import { pushEvent } from '../support/bridge.ts';
import type { Step } from './template-history.ts';
import { expectInOrder, expectOwnVersions, expectPersonKept } from './template-right.ts';
import {
  type Instance,
  LEASE_MS,
  REPOSITORIES,
  type Repository,
  sourceOf,
  TEMPLATE,
  type TemplateWorld,
  VARIABLE_OF,
  variablesOf,
} from './template-world.ts';

/** What happened in all histories together. */
export const seen = {
  ...{ histories: 0, pushes: 0, deliveries: 0, sweeps: 0, faults: 0, crashes: 0 },
  ...{ peopleActed: 0, rollbacks: 0, versions: 0, keptByPeople: 0 },
};

interface Delivery {
  event: object;
  isAcknowledged: boolean;
}

const silent = { info() {}, warn() {}, error() {} };
const MOST_SWEEPS = 12;

/** Lets a history happen, then ends all trouble, and checks what must be true then. */
export async function live(world: TemplateWorld, steps: readonly Step[]): Promise<void> {
  const { coder, cloud } = world;
  const { controls } = coder;
  const queue: Delivery[] = [];
  const instances: [Instance, Instance] = [world.newInstance(), world.newInstance()];
  /** What was pushed last, as the variable is to name it. */
  const wanted: Partial<Record<Repository, string>> = {};
  /** Digests in the order of their pushes. */
  const pushed: Record<Repository, string[]> = { a: [], 'b/c': [] };
  /** Versions that people made active, the latest last; `held` are activated when Coder imports again. */
  const people = { isHeld: false, held: [] as string[], last: world.active().id, count: 0, chose: false };

  for (const step of steps) await happen(step);
  await settle();
  await expectRight(!people.chose);
  await pushLast();

  async function happen(step: Step): Promise<void> {
    switch (step.do) {
      case 'push':
        return push(step);
      case 'work':
        return work(step);
      case 'doom':
        instances[step.instance].life.callsLeft = step.calls;
        return;
      case 'fault':
        seen.faults += 1;
        cloud.standIns[step.standIn]?.faults.add(step.fault);
        return;
      case 'person':
        return personActs(step);
      case 'rollback':
        return rollBack();
      case 'hold':
        people.isHeld = true;
        controls.holdImports(step.at);
        return;
      case 'wait':
        await release();
        await pass(step.seconds * 1_000);
    }
  }

  async function push({ repository, tag, content, events }: Extract<Step, { do: 'push' }>) {
    seen.pushes += 1;
    await pass(1_000);
    const digest = await untilDone(() => world.push(repository, tag, content));
    pushed[repository].push(digest);
    wanted[repository] = world.value(repository, tag, digest);
    const event = () => pushEvent(cloud.registry.resourceId, `${repository}:${tag}`, cloud.clock.now());
    for (let i = 0; i < events; i++) queue.push({ event: event(), isAcknowledged: false });
  }

  async function work(step: Extract<Step, { do: 'work' }>) {
    const known = step.deliver.flatMap(number => queue[number % Math.max(queue.length, 1)] ?? []);
    await Promise.all([
      ...known.map((delivery, i) => deliver(delivery, i)),
      step.sweep && on(0, sweepAll),
      step.sweep && on(1, sweepAll),
    ]);
    await world.quiet(people.isHeld);
  }

  async function deliver(delivery: Delivery, number: number): Promise<void> {
    seen.deliveries += 1;
    if (await on(number, services => handleEvent(services, delivery.event, silent)))
      delivery.isAcknowledged = true;
  }

  /** @returns whether it succeeded. An instance that died is replaced by a new one. */
  async function on(number: number, act: (services: Services) => Promise<void>): Promise<boolean> {
    const slot = number % 2;
    const instance = instances[slot] as Instance;
    const outcome = await instance.life.run(() =>
      act(instance.services).then(
        () => true,
        () => false,
      ),
    );
    if (instance.life.dead && instances[slot] === instance) {
      seen.crashes += 1;
      instances[slot] = world.newInstance();
    }
    return !instance.life.dead && outcome === true;
  }

  async function sweepAll(services: Services): Promise<void> {
    seen.sweeps += 1;
    await sweep(services, AbortSignal.timeout(services.importBudgetMs), silent);
  }

  /** People act while the bridge does not: Coder has no condition on a promotion. */
  async function personActs({ act, which }: Extract<Step, { do: 'person' }>): Promise<void> {
    seen.peopleActed += 1;
    people.count += 1;
    await pass(1_000);
    if (act === 'older') {
      const usable = world.versions().filter(({ job, archived }) => job.status === 'succeeded' && !archived);
      const chosen = usable[which % usable.length];
      if (!chosen || chosen.id === world.active().id) return;
      people.chose = true;
      controls.promote(TEMPLATE, chosen.id);
      people.last = chosen.id;
      return;
    }
    if (act === 'image' || act === 'sidecar') people.chose = true;
    const version =
      act === 'source'
        ? controls.pushTemplate({ template: TEMPLATE, files: await sourceOf(`of person ${people.count}`) })
        : controls.setVariable(TEMPLATE, act, `of-person:${people.count}`);
    people.held.push(version.id);
    if (!people.isHeld) await release();
  }

  async function release(): Promise<void> {
    people.isHeld = false;
    controls.releaseImports();
    await world.quiet(false);
    people.last = people.held.at(-1) ?? people.last;
    people.held = [];
  }

  /** What a person asks for and is refused, is not asked for again. */
  async function rollBack(): Promise<void> {
    seen.rollbacks += 1;
    await pass(1_000);
    const before = world.active().id;
    await world.admin.templates?.rollBack(world.name, undefined, AbortSignal.timeout(500)).catch(() => {});
    await world.quiet(people.isHeld);
    const { id } = world.active();
    if (id === before) return;
    people.chose = true;
    people.last = id;
  }

  async function settle(): Promise<void> {
    world.clearFaults();
    // Nothing that an instance had in memory may be needed.
    for (const { life } of instances) life.callsLeft = 0;
    await release();
    await pass(LEASE_MS);
    await arrive();
  }

  /** All events are delivered, and sweeps run until nothing is pending. */
  async function arrive(): Promise<void> {
    for (const delivery of queue) {
      while (!delivery.isAcknowledged) {
        seen.deliveries += 1;
        await handleEvent(world.admin, delivery.event, silent);
        delivery.isAcknowledged = true;
      }
    }
    for (let i = 0; i < MOST_SWEEPS && (await world.unfinished()).length > 0; i++) {
      await pass(200_000);
      await sweep(world.admin, AbortSignal.timeout(10_000), silent);
    }
  }

  /** @param isStrict whether no person chose another image since the last push */
  async function expectRight(isStrict: boolean): Promise<void> {
    const active = variablesOf(world.active());
    for (const repository of REPOSITORIES) {
      const variable = VARIABLE_OF[repository];
      const value = wanted[repository];
      if (value === undefined || digestOf(active[variable]) === digestOf(value)) continue;
      expect(isStrict, `${variable} is ${active[variable]}, and not ${value}`).toBe(false);
      seen.keptByPeople += 1;
    }
    expectPersonKept(world, people.last);
    expectOwnVersions(world);
    for (const repository of REPOSITORIES) expectInOrder(world, repository, pushed[repository]);
    expect(await world.unfinished()).toEqual([]);
  }

  /** A digest that is new goes before what people chose for its variable, and for no other. */
  async function pushLast(): Promise<void> {
    for (const repository of REPOSITORIES) {
      const others = REPOSITORIES.filter(other => other !== repository).map(other => VARIABLE_OF[other]);
      const before = variablesOf(world.active());
      await push({ do: 'push', repository, tag: 'final', content: `final ${repository}`, events: 1 });
      await arrive();
      const after = variablesOf(world.active());
      expect(after[VARIABLE_OF[repository]]).toBe(wanted[repository]);
      for (const other of others) expect(after[other], `${other} is as it was`).toBe(before[other]);
    }
    await expectRight(true);
    seen.versions += world.versions().length;
  }

  /** Moves the clock while no instance works, so that no lease of a living instance ends. */
  async function pass(ms: number): Promise<void> {
    await world.quiet(people.isHeld);
    cloud.clock.advance(ms);
    await world.quiet(people.isHeld);
  }
}

function digestOf(value: string | undefined): string | undefined {
  return value?.split('@')[1];
}

/** What is refused is tried again. */
async function untilDone<T>(act: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await act();
    } catch (error) {
      if (attempts === 20) throw error;
    }
  }
}
