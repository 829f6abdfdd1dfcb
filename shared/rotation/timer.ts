import { credentialKind } from '../credentials/kinds.ts';
import { endsSoon, renewOn } from '../credentials/renewal.ts';
import { describe } from '../errors.ts';
import { forEachAtMost } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import type { Registry } from '../records/registry.ts';
import { rotate } from './rotate.ts';
import type { RotationServices } from './run.ts';

/** Registries whose credentials are looked at at once. */
const AT_ONCE = 4;

/**
 * Looks at the credential of every registry, says how it is, and does what is due. What fails keeps no other registry
 * from its turn.
 *
 * @throws StorageError when the registries cannot be read
 */
export async function rotateDue(services: RotationServices, signal: AbortSignal, log: Log): Promise<void> {
  await forEachAtMost(AT_ONCE, services.registries.each(), async registry => {
    if (signal.aborted) return;
    const { name } = registry;
    // With each run, so that an alert lasts for as long as what it tells of.
    log.info('credential', { registry: name, ...credentialNow(registry, services.now()) });
    await rotate(services, name, signal, log).catch((error: unknown) =>
      log.error('rotation incomplete', { registry: name, message: describe(error) }),
    );
  });
}

/** How the credential is that Coder pulls with, before the run: what it changes is told by the next one. */
function credentialNow({ credential, rotation }: Registry, now: Date) {
  const { kind } = credential;
  const { current, lastResult } = rotation;
  const isRenewed = credentialKind(kind).issuer !== undefined;
  return {
    kind,
    issuedOn: current?.issuedOn,
    expiresOn: current?.expiresOn,
    endsSoon: current !== undefined && endsSoon(current, now),
    nextRotationOn: renewOn(credential, current),
    // The result of a rotation is outdated once a kind without rotation is declared.
    lastResult: current || isRenewed ? lastResult : undefined,
  };
}
