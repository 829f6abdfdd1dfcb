import { expect } from 'vitest';
import { handleEvent } from '../../shared/images/receive.ts';
import { sweep } from '../../shared/images/sweep.ts';
import { reconcile } from '../../shared/reconciliation/reconcile.ts';
import type { Services } from '../../shared/services.ts';
import { pushEvent } from '../support/bridge.ts';
import { createInstances, untilDone } from './instances.ts';
import type { Step } from './template-history.ts';
import {
  allowedValues,
  expectOthersKept,
  expectOwnVersions,
  expectPersonKept,
  expectVerified,
  lastPush,
  nameOf,
  story,
} from './template-right.ts';
import { createWatch } from './template-watch.ts';
import { FEEDS, LEASE_MS, TEMPLATES, type TemplateWorld, variablesOf } from './template-world.ts';

/** What happened in all histories together. */
export const seen = {
  ...{ histories: 0, callsOfCoder: 0, pushes: 0, deliveries: 0, sweeps: 0, faults: 0, crashes: 0 },
  ...{ peopleActed: 0, peopleActedBetweenCalls: 0, rollbacks: 0, versions: 0, promotions: 0 },
  ...{ variables: 0, keptByPeople: 0, eitherIsRight: 0 },
};

interface Delivery {
  event: object;
  isAcknowledged: boolean;
}

const MOST_SWEEPS = 12;

/** Lets a history happen, then ends all trouble, and checks what must be true then. */
export async function live(world: TemplateWorld, steps: readonly Step[]): Promise<void> {
  const { coder, cloud } = world;
  const { controls } = coder;
  const watch = createWatch(world, isBetweenCalls => {
    seen.peopleActed += 1;
    if (isBetweenCalls) seen.peopleActedBetweenCalls += 1;
  });
  const queue: Delivery[] = [];
  const instances = createInstances(world.newInstance, () => {
    seen.crashes += 1;
  });
  const { on } = instances;
  let isHeld = false;
  let contents = 0;
  /** What was pushed last to each repository. */
  const contentOf = new Map<string, string>();

  try {
    for (const step of steps) await happen(step);
    await settle();
    await expectRight();
    await pushLast();
  } catch (error) {
    (error as Error).message += `\n\n${story(watch.happened)}`;
    throw error;
  } finally {
    seen.callsOfCoder += watch.calls();
  }

  async function happen(step: Step): Promise<void> {
    switch (step.do) {
      case 'push':
        return push(step);
      case 'work':
        return work(step);
      case 'doom':
        instances.doom(step.instance, step.calls);
        return;
      case 'fault':
        seen.faults += 1;
        cloud.standIns[step.standIn]?.faults.add(step.fault);
        return;
      case 'person':
        if (step.afterCalls > 0) return watch.ambush(step.afterCalls, step.act);
        await pass(1_000);
        watch.act(step.act);
        return quiet();
      case 'rollback':
        return rollBack(step.template);
      case 'hold':
        isHeld = true;
        controls.holdImports(step.at);
        return;
      case 'wait':
        await release();
        await pass(step.seconds * 1_000);
    }
  }

  async function push({ feed: number, tag, isSame, events }: Extract<Step, { do: 'push' }>) {
    const feed = FEEDS[number] as (typeof FEEDS)[number];
    seen.pushes += 1;
    await pass(1_000);
    contents += 1;
    const last = contentOf.get(feed.repository);
    const content = isSame && last ? last : `${feed.repository} ${contents}`;
    contentOf.set(feed.repository, content);
    const digest = await untilDone(() => world.push(feed, tag, content));
    watch.pushed(feed, digest);
    const topic = world.registries[feed.registry].resourceId;
    const event = () => pushEvent(topic, `${feed.repository}:${tag}`, cloud.clock.now());
    for (let i = 0; i < events; i++) queue.push({ event: event(), isAcknowledged: false });
  }

  async function work(step: Extract<Step, { do: 'work' }>) {
    const known = step.deliver.flatMap(number => queue[number % Math.max(queue.length, 1)] ?? []);
    await Promise.all([
      ...known.map((delivery, i) => deliver(delivery, i)),
      step.sweep && on(0, sweepAll),
      step.sweep && on(1, sweepAll),
    ]);
    await quiet();
  }

  async function deliver(delivery: Delivery, number: number): Promise<void> {
    seen.deliveries += 1;
    if ((await on(number, services => handleEvent(services, delivery.event, watch.log))) === undefined)
      delivery.isAcknowledged = true;
  }

  async function sweepAll(services: Services): Promise<void> {
    seen.sweeps += 1;
    await sweep(services, AbortSignal.timeout(services.importBudgetMs), watch.log);
  }

  /** What a person asks for and is refused, is not asked for again. */
  async function rollBack(template: string): Promise<void> {
    seen.rollbacks += 1;
    await pass(1_000);
    const called = { organization: 'coder', template };
    const signal = AbortSignal.timeout(500);
    await watch.rollBack(template, async () => {
      await world.admin.templates?.rollBack(called, undefined, signal).catch(() => {});
      await quiet();
    });
  }

  async function release(): Promise<void> {
    isHeld = false;
    controls.releaseImports();
    await quiet();
  }

  /** Until Coder is at nothing any more, but for imports that it holds, and people have promoted theirs. */
  async function quiet(): Promise<void> {
    while (coder.requests.underWay() > 0) await new Promise(setImmediate);
    while (!isHeld && (world.isImporting() || watch.isPersonWaiting())) {
      await new Promise(resolve => setTimeout(resolve, 2));
      watch.sync();
    }
    watch.sync();
  }

  async function settle(): Promise<void> {
    world.clearFaults();
    watch.forget();
    // Nothing that an instance had in memory may be needed.
    instances.replaceAll();
    await release();
    await pass(LEASE_MS);
    await arrive();
  }

  /** All events are delivered, and sweeps run until nothing is pending. */
  async function arrive(): Promise<void> {
    for (const delivery of queue) {
      if (delivery.isAcknowledged) continue;
      seen.deliveries += 1;
      await handleEvent(world.admin, delivery.event, watch.log);
      delivery.isAcknowledged = true;
    }
    await sweepOut();
    // What a person did since the last event is found by the next reconciliation.
    for (const registry of Object.keys(world.registries)) {
      await world.admin.reports.start(registry, false);
      await reconcile(world.admin, registry, AbortSignal.timeout(20_000), watch.log);
    }
    await sweepOut();
    watch.sync();
  }

  async function sweepOut(): Promise<void> {
    for (let i = 0; i < MOST_SWEEPS && (await world.unfinished()).length > 0; i++) {
      await pass(200_000);
      await sweep(world.admin, AbortSignal.timeout(10_000), watch.log);
    }
  }

  async function expectRight(): Promise<void> {
    expect(await world.unfinished()).toEqual([]);
    for (const feed of FEEDS) {
      const allowed = allowedValues(watch.happened, feed);
      if (allowed.length === 0) continue;
      const value = nameOf(variablesOf(world.active(feed.template))[feed.variable]);
      expect(allowed, `${feed.template}.${feed.variable}, fed by ${feed.repository}`).toContain(value);
      seen.variables += 1;
      if (allowed.length > 1) seen.eitherIsRight += 1;
      if (value !== lastPush(watch.happened, feed)) seen.keptByPeople += 1;
    }
    for (const template of TEMPLATES) {
      expectPersonKept(world, watch.happened, template);
      expectOwnVersions(world, template);
      expectOthersKept(world, template);
    }
    expect(watch.leaks).toEqual([]);
  }

  /** A digest that is new goes before what people chose for its variable, and for no other. */
  async function pushLast(): Promise<void> {
    for (const [feed, { template, variable }] of FEEDS.entries()) {
      const before = variablesOf(world.active(template));
      await push({ do: 'push', feed, tag: 'final', isSame: false, events: 1 });
      await arrive();
      const { [variable]: value, ...others } = variablesOf(world.active(template));
      const { [variable]: _, ...had } = before;
      expect(nameOf(value)).toBe(lastPush(watch.happened, FEEDS[feed] as (typeof FEEDS)[number]));
      // Another tag of the same digest is the same image.
      const names = (values: object) => Object.values(values).map(nameOf);
      expect(names(others), 'other variables are as they were').toEqual(names(had));
    }
    await expectRight();
    seen.promotions += expectVerified(coder.requests.all());
    for (const template of TEMPLATES) seen.versions += world.versions(template).length;
  }

  /** Moves the clock while no instance works, so that no lease of a living instance ends. */
  async function pass(ms: number): Promise<void> {
    await quiet();
    cloud.clock.advance(ms);
    await quiet();
  }
}
