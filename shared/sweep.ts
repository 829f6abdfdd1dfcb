import { forEachAtMost } from './concurrency.ts';
import { describe, ServiceError } from './errors.ts';
import { type EventServices, logImport } from './handle-event.ts';
import { IMPORT_BUDGET_MS, importImage } from './import.ts';
import type { Log } from './log.ts';
import type { StoredRegistry } from './registry.ts';

/** Imports that run at once. */
const AT_ONCE = 4;

/**
 * Tries again what is due, and gives Coder credentials that it could not be given when they changed. What is not
 * done when `signal` aborts stays due for the next sweep.
 */
export async function sweep(services: EventServices, signal: AbortSignal, log: Log): Promise<void> {
  for (const registry of await services.registries.all()) {
    await deliverCredential(services, registry, log);
    await forEachAtMost(AT_ONCE, services.images.due(registry.name, services.now()), async image => {
      if (signal.aborted) return;
      const budget = AbortSignal.timeout(IMPORT_BUDGET_MS);
      try {
        logImport(log, await importImage(services, { registry, ...image, onlyIfDue: true }, budget));
      } catch (error) {
        // It stays due; the others have their turn all the same.
        log.error('import not recorded', { registry: registry.name, ...image, message: describe(error) });
      }
    });
  }
}

async function deliverCredential(
  { target }: EventServices,
  registry: StoredRegistry,
  log: Log,
): Promise<void> {
  try {
    await target.updateCredential(registry, AbortSignal.timeout(IMPORT_BUDGET_MS));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    log.warn('credential not delivered', {
      registry: registry.name,
      reason: error.reason,
      message: describe(error),
    });
  }
}
