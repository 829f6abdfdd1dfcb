import { forEachAtMost } from './concurrency.ts';
import { describe } from './errors.ts';
import { type EventServices, logImport } from './handle-event.ts';
import { importImage } from './import.ts';
import type { Log } from './log.ts';
import type { StoredRegistry } from './registry.ts';

/** Imports that run at once. */
const AT_ONCE = 16;

/**
 * Tries again what is due, and gives Coder credentials that it could not be given when they changed. What fails, or
 * is not done when `signal` aborts, stays as it is for the next sweep, and keeps nothing else from being done.
 *
 * @throws StorageError when the registries cannot be read
 */
export async function sweep(services: EventServices, signal: AbortSignal, log: Log): Promise<void> {
  for await (const registry of services.registries.each()) {
    if (signal.aborted) return;
    try {
      await sweepImages(services, registry, signal, log);
      const budget = AbortSignal.any([signal, AbortSignal.timeout(services.importBudgetMs)]);
      await services.target.updateCredential(registry, budget);
    } catch (error) {
      log.error('sweep incomplete', { registry: registry.name, message: describe(error) });
    }
  }
}

async function sweepImages(
  services: EventServices,
  registry: StoredRegistry,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  await forEachAtMost(AT_ONCE, services.images.due(registry.name, services.now()), async image => {
    if (signal.aborted) return;
    try {
      const request = { registry: registry.name, ...image, onlyIfDue: true };
      logImport(log, await importImage(services, request, AbortSignal.timeout(services.importBudgetMs)));
    } catch (error) {
      log.error('import not recorded', { registry: registry.name, ...image, message: describe(error) });
    }
  });
}
