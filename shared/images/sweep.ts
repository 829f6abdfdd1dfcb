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
  /** Returns early when `signal` aborts. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Imports that run at once. */
const AT_ONCE = 16;
/** Images that wait are counted up to here: as many rows come with one request, even if only one is due. */
const COUNTED = 1_000;

/** Between two looks at what the registry does not show yet. */
const LOOK_AGAIN_MS = 10_000;

/** Sweeps, and again until `endsOn` while the registry does not show everything that was pushed. */
export async function sweepUntil(
  services: SweepServices,
  endsOn: Date,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  while ((await sweep(services, signal, log)).awaited > 0) {
    if (services.now().getTime() + LOOK_AGAIN_MS >= endsOn.getTime()) return;
    await services.wait(LOOK_AGAIN_MS, signal);
    if (signal.aborted) return;
  }
}

/**
 * Tries again what is due, and gives Coder credentials that it could not be given when they changed. What fails, or
 * is not done when `signal` aborts, stays as it is for the next sweep, and keeps nothing else from being done.
 *
 * @returns how many images the registries are still asked for
 * @throws StorageError when the registries cannot be read
 */
export async function sweep(
  services: SweepServices,
  signal: AbortSignal,
  log: Log,
): Promise<{ awaited: number }> {
  let registries = 0;
  let awaited = 0;
  for await (const registry of services.registries.each()) {
    if (signal.aborted) break;
    registries += 1;
    try {
      awaited += await sweepImages(services, registry, signal, log);
      const budget = AbortSignal.any([signal, AbortSignal.timeout(services.importBudgetMs)]);
      await services.holder.deliver(registry, budget);
    } catch (error) {
      log.error('sweep incomplete', { registry: registry.name, message: describe(error) });
    }
  }
  // The sign of life that an alert waits for.
  log.info('sweep', { registries });
  return { awaited };
}

async function sweepImages(
  services: SweepServices,
  registry: StoredRegistry,
  signal: AbortSignal,
  log: Log,
): Promise<number> {
  const depth: Depth = { waiting: 0, due: 0, awaited: 0 };
  const due = dueOf(services.images.waiting(registry.name), services.now(), depth);
  await forEachAtMost(AT_ONCE, due, async ({ repository, tag }) => {
    if (signal.aborted) return;
    const image = { repository, tag };
    try {
      const request = { registry: registry.name, ...image, onlyIfDue: true };
      const result = await importImage(services, request, AbortSignal.timeout(services.importBudgetMs));
      if (result.record?.reason === 'waiting-for-registry') depth.awaited += 1;
      logImport(log, result);
    } catch (error) {
      log.error('import not recorded', { registry: registry.name, ...image, message: describe(error) });
    }
  });
  const { awaited, ...counted } = depth;
  if (depth.waiting > 0) log.info('images waiting', { registry: registry.name, ...counted });
  return awaited;
}

/** How much a sweep found. */
interface Depth {
  /** At least so many, from `COUNTED` on. */
  waiting: number;
  due: number;
  /** Those that the registry is still asked for, afterwards. */
  awaited: number;
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
    } else {
      if (image.isAwaited) depth.awaited += 1;
      if (depth.waiting >= COUNTED) return;
    }
  }
}
