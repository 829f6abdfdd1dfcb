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

/** Number of imports that run at once. */
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
  // An alert fires when this line stops coming.
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

/** The number and age of the images that wait. */
interface Depth {
  /** The exact number below `COUNTED`; otherwise a lower bound. */
  waiting: number;
  due: number;
  /** Their oldest push. */
  oldestPushedOn?: Date;
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
    } else if (depth.waiting >= COUNTED) return;
  }
}
