import { forEachAtMost } from '../lib/concurrency.ts';
import type { Log } from '../lib/log.ts';
import { timeLimit } from '../lib/time-limit.ts';
import { REASONS } from '../reasons.ts';
import type { StoredRegistry } from '../records/registry.ts';
import { type AcrEvent, decodeAcrEvent } from './event.ts';
import { type FollowServices, importAndFollow } from './follow.ts';

export type EventServices = FollowServices;

/** Number of imports that run at once for one deleted digest. */
const AT_ONCE = 4;

/**
 * Handles one event of Event Grid. Returning acknowledges the event, so this returns only when the outcome is written, or
 * there is none to write. An invalid event is logged and acknowledged, since delivering it again would not help.
 *
 * @throws StorageError and the like when nothing could be recorded: Event Grid must deliver the event again
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

  const signal = timeLimit(services.importBudgetMs);
  await (decoded.kind === 'push'
    ? importPushed(services, registry, decoded, signal, log)
    : importDeleted(services, registry, decoded, signal, log));
}

/** The id of the event in Event Grid's own logs, even for an invalid event. */
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
  await importAndFollow(services, request, signal, log);
}

/** A delete names a digest and no tag: the records give its tags, and the registry says whether they are gone. */
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
    await importAndFollow(services, { registry: registry.name, repository, tag }, signal, log);
  });
}
