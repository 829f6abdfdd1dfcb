import { ServiceError } from '../../errors.ts';
import type { V2Client } from './client.ts';
import type { RolloutFacts, VersionFact } from './facts.ts';
import type { Building } from './rollout.ts';
import { type Round, templateOf } from './round.ts';
import type { CoderVersion } from './schema.ts';

export async function readTemplate({
  options,
  name,
  facts,
  signal,
}: Round): Promise<RolloutFacts['template']> {
  const found = await options.coder.findTemplate(name.organization.id, name.template, signal);
  facts.isDeprecated = found?.deprecated === true;
  return found ? { id: found.id, activeVersionId: found.active_version_id } : null;
}

export async function readActive({ options: { coder }, facts, signal }: Round): Promise<VersionFact> {
  const { activeVersionId: id } = templateOf(facts);
  // A version never changes what its variables hold.
  if (facts.ours?.id === id && facts.ours.variables) return facts.ours;
  const [version, variables] = await Promise.all([
    coder.getVersion(id, signal),
    coder.listVariables(id, signal),
  ]);
  if (version) return { ...toFact(version), variables };
  throw new ServiceError('coder-unavailable', `Coder does not show the active version ${id}.`);
}

/** By its id or, where the answer of the call that made it may be lost, by its name. */
export async function readOurs(
  { options, facts, signal }: Round,
  building: Building,
): Promise<VersionFact | null> {
  const { coder } = options;
  if (building.versionId !== undefined) {
    // One that is archived by now was archived by a person, who wins.
    const known = await coder.getVersion(building.versionId, signal);
    return known ? toFact(known) : null;
  }
  const found = await coder.findVersion(templateOf(facts).id, building.name, signal);
  if (!found) return null;
  facts.me = (await coder.me(signal)).id;
  return found.created_by.id === facts.me ? revive(coder, found, signal) : toFact(found);
}

/** A version that was built before and archived since can be promoted again. */
async function revive(coder: V2Client, version: CoderVersion, signal: AbortSignal): Promise<VersionFact> {
  if (!version.archived || version.job.status !== 'succeeded') return toFact(version);
  await coder.unarchive(version.id, signal);
  return { ...toFact(version), archived: false };
}

/** A version, as far as decisions need it. */
export function toFact(version: CoderVersion): VersionFact {
  const { id, name, created_at, created_by, job, archived, matched_provisioners } = version;
  return {
    ...{ id, name, createdOn: created_at, createdBy: created_by.id, fileId: job.file_id, status: job.status },
    ...(job.tags && { tags: job.tags }),
    ...(job.completed_at && { importedOn: job.completed_at }),
    ...(job.error && { error: job.error }),
    ...(matched_provisioners && {
      provisioners: matched_provisioners.available ?? matched_provisioners.count,
    }),
    archived: archived ?? false,
  };
}
