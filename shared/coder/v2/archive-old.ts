import { listOwnVersions } from './own-versions.ts';
import { type Round, templateOf } from './round.ts';

/** Versions that one round archives, the oldest first. */
const MOST_ARCHIVED = 3;

/** Older versions of the bridge's own; those that workspaces use stay. @throws ServiceError */
export async function archiveOld({ options, facts, signal }: Round): Promise<void> {
  const { coder, keepVersions } = options;
  const { id, activeVersionId } = templateOf(facts);
  const own = await listOwnVersions(coder, id, signal);
  const old = own.filter(version => version.id !== activeVersionId).slice(keepVersions - 1);
  for (const version of old.slice(-MOST_ARCHIVED)) await coder.archive(version.id, signal);
}
