import type { CredentialHolder } from '../credentials/holder.ts';
import { describe } from '../errors.ts';
import { forEachAtMost } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import type { WaitingImage } from '../records/images.ts';
import type { StoredRegistry } from '../records/registry.ts';
import { importImage } from './import.ts';
import { type EventServices, logImport } from './receive.ts';

export interface SweepServices extends EventServices {
  holder: CredentialHolder;
}

/** Imports that run at once. */
const AT_ONCE = 16;
/** Images that wait are counted up to here: as many rows come with one request, even if only one is due. */
const COUNTED = 1_000;

/**
 * Tries again what is due, and gives Coder credentials that it could not be given when they changed. What fails, or
 * is not done when `signal` aborts, stays as it is for the next sweep, and keeps nothing else from being done.
 *
 * @throws StorageError when the registries cannot be read
 */
export async function sweep(services: SweepServices, signal: AbortSignal, log: Log): Promise<void> {
  let registries = 0;
  for await (const registry of services.registries.each()) {
    if (signal.aborted) break;
    registries += 1;
    try {
      await sweepImages(services, registry, signal, log);
      const budget = AbortSignal.any([signal, AbortSignal.timeout(services.importBudgetMs)]);
      await services.holder.deliver(registry, budget);
    } catch (error) {
      log.error('sweep incomplete', { registry: registry.name, message: describe(error) });
    }
  }
  // The sign of life that an alert waits for.
  log.info('sweep', { registries });
}

async function sweepImages(
  services: SweepServices,
  registry: StoredRegistry,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const depth: Depth = { waiting: 0, due: 0 };
  const due = dueOf(services.images.waiting(registry.name), services.now(), depth);
  await forEachAtMost(AT_ONCE, due, async ({ repository, tag }) => {
    if (signal.aborted) return;
    const image = { repository, tag };
    try {
      const request = { registry: registry.name, ...image, onlyIfDue: true };
      logImport(log, await importImage(services, request, AbortSignal.timeout(services.importBudgetMs)));
    } catch (error) {
      log.error('import not recorded', { registry: registry.name, ...image, message: describe(error) });
    }
  });
  if (depth.waiting > 0) log.info('images waiting', { registry: registry.name, ...depth });
}

/** How much a sweep found. */
interface Depth {
  /** At least so many, from `COUNTED` on. */
  waiting: number;
  due: number;
  /** The oldest push among them. */
  oldestPushedOn?: Date;
}

/** Those of the images, in the order of their times, that are due now; all are counted as they are read. */
async function* dueOf(images: AsyncIterable<WaitingImage>, now: Date, depth: Depth) {
  for await (const image of images) {
    depth.waiting += 1;
    const { pushedOn } = image;
    if (pushedOn && !(depth.oldestPushedOn && depth.oldestPushedOn < pushedOn))
      depth.oldestPushedOn = pushedOn;
    if (image.dueOn <= now) {
      depth.due += 1;
      yield image;
    } else if (depth.waiting >= COUNTED) return;
  }
}
