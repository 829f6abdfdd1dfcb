import fc from 'fast-check';
import { expect } from 'vitest';
import type { Services } from '../../../shared/services.ts';
import { newLife } from '../../support/mortal.ts';
import { type Delivering, type DeliveryWorld, NAMESPACES, REFRESH_MINUTES, SECRET } from './world.ts';

/** Between two runs of the timer. The real one is faster, and finds nothing to do in most of its runs. */
const TICK_MINUTES = 10;
const MINUTE_MS = 60_000;
/** More than a run may hold its lease: the timer comes again after a crash. */
const TICKS_PER_DAY = (24 * 60) / TICK_MINUTES;

/** What happens before a run of the timer. */
export type Trouble =
  | { do: 'nothing' }
  /** The run dies after this number of calls to the outside. */
  | { do: 'crash'; calls: number; last: 'done' | 'lost' }
  | { do: 'outage'; of: (typeof SERVICES)[number]; ticks: number; how: object }
  /** A person changes what was delivered. */
  | { do: 'edit' }
  | { do: 'delete' }
  /** A sweep that read the record at the run before delivers now. */
  | { do: 'late' }
  | { do: 'request' };

const SERVICES = ['kubernetes', 'keyVault', 'tables', 'arm', 'graph'] as const;
/** Up to five hours. */
const outage = fc.record({
  do: fc.constant('outage' as const),
  of: fc.constantFrom(...SERVICES),
  ticks: fc.integer({ min: 1, max: 30 }),
  how: fc.constantFrom<object>({ status: 503 }, { status: 403 }, { drop: 'before' }, { drop: 'after' }),
});
const crash = fc.record({
  do: fc.constant('crash' as const),
  calls: fc.integer({ min: 1, max: 60 }),
  last: fc.constantFrom('done' as const, 'lost' as const),
});
const rare = fc.oneof(
  outage,
  ...(['edit', 'delete', 'late', 'request'] as const).map(name => fc.constant({ do: name })),
);
export const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 55, arbitrary: fc.constant({ do: 'nothing' as const }) },
  { weight: 35, arbitrary: crash },
  { weight: 10, arbitrary: rare },
);

export interface Seen {
  runs: number;
  crashes: number;
  outages: number;
  changes: number;
  pulls: number;
  /** How often the copies changed. */
  rotations: number;
}

/**
 * Lives through days of rotations and troubles, and pulls after each run of the timer.
 * @param schedule as many troubles as there are runs; what comes during an outage is the outage alone
 */
export async function liveThrough(
  world: DeliveryWorld,
  kind: Delivering,
  schedule: readonly Trouble[],
): Promise<Seen> {
  const seen: Seen = { runs: 0, crashes: 0, outages: 0, changes: 0, pulls: 0, rotations: 0 };
  const { clock, standIns } = world.bridge.cloud;
  let outageUntil = 0;
  let stale = await world.registry();
  let last = world.copies()[0];
  /** A person has changed what was delivered, and no whole run was after that. */
  let wronged = false;

  for (const [tick, planned] of schedule.entries()) {
    if (tick === outageUntil) world.bridge.clearFaults();
    const happens: Trouble = tick < outageUntil ? { do: 'nothing' } : planned;
    if (happens.do === 'outage') {
      seen.outages += 1;
      outageUntil = tick + happens.ticks;
      standIns[happens.of]?.faults.add(happens.how);
    }
    if (happens.do === 'edit' || happens.do === 'delete') {
      seen.changes += 1;
      wronged = await changeDelivered(world, kind, happens.do);
    }
    if (happens.do === 'late') await world.services.holder.deliver(stale, AbortSignal.timeout(10_000));
    if (happens.do === 'request') {
      const registry = await world.registry();
      await world.services.registries.save(
        { ...registry, rotation: { ...registry.rotation, requestedOn: clock.now() } },
        registry,
      );
    }
    if (tick >= outageUntil) stale = await world.registry();
    await runOnce(world, world.newInstance(), happens, seen);
    if (happens.do !== 'crash' && tick >= outageUntil) wronged = false;

    const isRefreshed = tick % (REFRESH_MINUTES / TICK_MINUTES) === 0;
    if (isRefreshed && !wronged) await world.refresh(kind);
    if (!wronged) {
      await world.pull().catch((error: unknown) => {
        expect.unreachable(`refused pull at run ${tick} after ${JSON.stringify(happens)}: ${error}`);
      });
      seen.pulls += NAMESPACES.length;
    }
    const now = world.copies()[0];
    if (now !== last) seen.rotations += 1;
    last = now;
    clock.advance(TICK_MINUTES * MINUTE_MS);
  }
  world.bridge.clearFaults();
  return seen;
}

export function runsOf(days: number): number {
  return days * TICKS_PER_DAY;
}

async function runOnce(
  world: DeliveryWorld,
  instance: Services,
  happens: Trouble,
  seen: Seen,
): Promise<void> {
  seen.runs += 1;
  // With the tables down a run fails, and the timer comes again.
  if (happens.do !== 'crash') return world.run(instance).catch(() => undefined);
  const life = newLife(happens.calls, happens.last);
  await life.run(() => world.run(instance));
  if (life.dead) seen.crashes += 1;
}

/** @returns whether the cluster is without a working copy until the next whole run */
async function changeDelivered(
  { kubernetes, services, bridge }: DeliveryWorld,
  kind: Delivering,
  how: 'edit' | 'delete',
): Promise<boolean> {
  const garbage = '{"auths":{"elsewhere.example.com":{}}}';
  if (kind === 'kubernetes') {
    const namespace = NAMESPACES[0] as string;
    if (how === 'delete') kubernetes.cluster.delete(namespace, SECRET);
    else kubernetes.cluster.edit(namespace, SECRET, { '.dockerconfigjson': garbage, note: 'mine' });
    return true;
  }
  if (kind === 'key-vault') {
    if (how === 'delete') await services.vault.remove(SECRET);
    else bridge.cloud.standIns.keyVault.put(SECRET, garbage);
    return false;
  }
  return false;
}
