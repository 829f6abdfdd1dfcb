import type { CredentialHolder } from '../credentials/holder.ts';
import { describe } from '../errors.ts';
import { forEachAtMost } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import { timeLimit } from '../lib/time-limit.ts';
import { isCheckedSoon } from '../reasons.ts';
import type { WaitingImage } from '../records/image-table.ts';
import type { StoredRegistry } from '../records/registry.ts';
import { type FollowServices, logImport } from './follow.ts';
import { importImage } from './import.ts';

export interface SweepServices extends FollowServices {
  holder: CredentialHolder;
}

/** Between two looks at images that are checked again within seconds. */
const SHORTEST_WAIT_MS = 1_000;
/** Registries that are swept at once, so that one that does not answer holds up few others. */
const REGISTRIES_AT_ONCE = 8;
/** Imports of one registry that run at once. */
const AT_ONCE = 16;
/** Waiting images are counted up to this number, which is the size of one page of rows. */
const COUNTED = 1_000;

/**
 * Tries due images again, and delivers credentials that Coder did not take when they changed. Anything that fails, or is
 * not done when `signal` aborts, waits for the next sweep, and does not stop the rest.
 *
 * @throws StorageError when the registries cannot be read
 */
export async function sweep(services: SweepServices, signal: AbortSignal, log: Log): Promise<void> {
  let registries = 0;
  let nextLookOn: Date | undefined;
  await forEachAtMost(REGISTRIES_AT_ONCE, services.registries.each(), async registry => {
    if (signal.aborted) return;
    registries += 1;
    try {
      nextLookOn = earlier(nextLookOn, await sweepImages(services, registry, signal, log));
      const budget = timeLimit(services.importBudgetMs, signal);
      await services.holder.deliver(registry, budget);
    } catch (error) {
      log.error('sweep incomplete', { registry: registry.name, message: describe(error) });
    }
  });
  // An alert fires when this line stops coming.
  log.info('sweep', { registries });
  await sweepAgain(services, nextLookOn, signal, log);
}

/** Looks again every few seconds while the target is at work, or the registry does not show a push yet. */
async function sweepAgain(
  services: SweepServices,
  firstLookOn: Date | undefined,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  for (let lookOn = firstLookOn; lookOn && !signal.aborted; ) {
    const waitMs = lookOn.getTime() - services.now().getTime();
    await services.wait(Math.max(SHORTEST_WAIT_MS, waitMs), signal);
    lookOn = undefined;
    for await (const registry of services.registries.each()) {
      if (signal.aborted) return;
      lookOn = earlier(lookOn, await sweepImages(services, registry, signal, log));
    }
  }
}

function earlier(one: Date | undefined, other: Date | undefined): Date | undefined {
  return one && other ? (one < other ? one : other) : (one ?? other);
}

async function sweepImages(
  services: SweepServices,
  registry: StoredRegistry,
  signal: AbortSignal,
  log: Log,
): Promise<Date | undefined> {
  const depth: Depth = { waiting: 0, due: 0 };
  let nextLookOn: Date | undefined;
  const due = dueOf(services.images.waiting(registry.name), services.now(), depth);
  await forEachAtMost(AT_ONCE, due, async waiting => {
    if (signal.aborted) return;
    const { repository, tag, dueOn } = waiting;
    const image = { repository, tag };
    try {
      const request = { registry: registry.name, ...image, onlyIfDue: true };
      const result = await importImage(services, request, timeLimit(services.importBudgetMs));
      logImport(log, result);
      // A row that the record no longer has: another worker dropped it already, or it is left of a damaged record.
      if (result.notDue && result.record?.dueOn?.getTime() !== dueOn.getTime())
        await services.images.dropDueRow(registry.name, waiting);
      if (result.record && isCheckedSoon(result.record))
        nextLookOn = earlier(nextLookOn, result.record.dueOn);
    } catch (error) {
      log.error('import not recorded', { registry: registry.name, ...image, message: describe(error) });
    }
  });
  const { nextLookOn: notDueYet, ...counted } = depth;
  if (depth.waiting > 0) log.info('images waiting', { registry: registry.name, ...counted });
  return earlier(nextLookOn, notDueYet);
}

/** The number and age of the images that wait. */
interface Depth {
  /** The exact number below `COUNTED`; otherwise a lower bound. */
  waiting: number;
  due: number;
  /** Their oldest push. */
  oldestPushedOn?: Date;
  /** When the first image is due that is checked again within seconds. */
  nextLookOn?: Date | undefined;
}

/** Yields the images that are due now, the earliest due time first; counts all images that it reads. */
async function* dueOf(images: AsyncIterable<WaitingImage>, now: Date, depth: Depth) {
  for await (const image of images) {
    depth.waiting += 1;
    const { pushedOn } = image;
    if (pushedOn && !(depth.oldestPushedOn && depth.oldestPushedOn < pushedOn))
      depth.oldestPushedOn = pushedOn;
    if (image.dueOn <= now) {
      depth.due += 1;
      yield image;
    } else {
      if (image.isCheckedSoon) depth.nextLookOn = earlier(depth.nextLookOn, image.dueOn);
      if (depth.waiting >= COUNTED) return;
    }
  }
}
