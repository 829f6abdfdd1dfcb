import { forEachAtMost } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import { REASONS } from '../reasons.ts';
import type { Registries } from '../records/registries.ts';
import type { StoredRegistry } from '../records/registry.ts';
import { type AcrEvent, decodeAcrEvent } from './event.ts';
import { type ImportResult, type ImportServices, importImage } from './import.ts';

export interface EventServices extends ImportServices {
  registries: Registries;
}

/** Imports of one deleted digest that run at once. */
const AT_ONCE = 4;

/**
 * Does what one event of Event Grid calls for. Returning acknowledges the event, so it returns only when the outcome
 * is written or there is none to write; whatever is wrong with the event itself is logged and acknowledged, since
 * sending it again would not mend it.
 *
 * @throws StorageError and the like when nothing could be recorded: the event must come again
 */
export async function handleEvent(services: EventServices, event: unknown, log: Log): Promise<void> {
  const decoded = decodeAcrEvent(event, services.now());
  const eventId = idOf(event);
  if (decoded.kind === 'ignored') {
    const { reason, detail } = decoded;
    if (reason === 'not-an-acr-event') return log.warn('event ignored', { reason, detail, eventId });
    return log.info('event ignored', { reason, detail, eventId });
  }

  const registry = await services.registries.findByResourceId(decoded.registryId);
  if (!registry)
    return log.warn('event ignored', {
      ...{ reason: 'unknown-registry', detail: decoded.registryId, eventId },
      remedy: REASONS['unknown-registry'].remedy,
    });

  const signal = AbortSignal.timeout(services.importBudgetMs);
  await (decoded.kind === 'push'
    ? importPushed(services, registry, decoded, signal, log)
    : importDeleted(services, registry, decoded, signal, log));
}

/** The id under which Event Grid's own logs know the event, whatever else is wrong with it. */
function idOf(event: unknown): string | undefined {
  const { id } = (event ?? {}) as { id?: unknown };
  return typeof id === 'string' ? id.slice(0, 100) : undefined;
}

async function importPushed(
  services: EventServices,
  registry: StoredRegistry,
  { repository, tag, pushedOn, digest }: Extract<AcrEvent, { kind: 'push' }>,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const pushed = digest ? { digest } : {};
  const request = { registry: registry.name, repository, tag, pushedOn, pushed };
  logImport(log, await importImage(services, request, signal));
}

/** A delete names a digest and no tag: our records know the tags, and the registry says whether they are gone. */
async function importDeleted(
  services: EventServices,
  registry: StoredRegistry,
  { repository, digest }: Extract<AcrEvent, { kind: 'delete' }>,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const records = services.images.ofRepository(registry.name, repository, digest);
  await forEachAtMost(AT_ONCE, records, async ({ tag, state }) => {
    if (state === 'removed') return;
    logImport(log, await importImage(services, { registry: registry.name, repository, tag }, signal));
  });
}

/** One line per import. `latencyMs` is there when this import brought the image to Coder. */
export function logImport(log: Log, { record, changed, stack }: ImportResult): void {
  if (!record) return;
  const { registry, repository, tag, digest, state, reason, message, attempts, dueOn } = record;
  const latencyMs = state === 'imported' ? record.latencyMs : undefined;
  const entry = {
    registry,
    repository,
    tag,
    digest,
    state,
    reason,
    message,
    attempts,
    dueOn,
    latencyMs,
    stack,
  };
  if (!changed) log.info('nothing to do', { registry, repository, tag, digest, state, reason });
  else if (state === 'failed') log.error('import', entry);
  else log.info('import', entry);
}
