import { forEachAtMost } from '../concurrency.ts';
import { describe } from '../errors.ts';
import type { Log } from '../log.ts';
import { type RotationServices, rotate } from './rotate.ts';

/** Registries whose credentials are looked at at once. */
const AT_ONCE = 4;

/**
 * Looks at the credential of every registry, and does what is due. What fails keeps no other registry from its turn.
 * @throws StorageError when the registries cannot be read
 */
export async function rotateDue(services: RotationServices, signal: AbortSignal, log: Log): Promise<void> {
  await forEachAtMost(AT_ONCE, services.registries.each(), async ({ name }) => {
    if (signal.aborted) return;
    await rotate(services, name, signal, log).catch((error: unknown) =>
      log.error('rotation incomplete', { registry: name, message: describe(error) }),
    );
  });
}
