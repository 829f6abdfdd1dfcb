import { shorten } from '../../lib/shorten.ts';
import type { V2Client } from './client.ts';
import type { FoundTemplate } from './found-template.ts';
import type { Rollout } from './rollout.ts';
import type { CoderVersion } from './schema.ts';

const MOST_VERSIONS = 10;
const MOST_LINES = 50;

/** What is asked of Coder only about one template, as it takes further calls. */
export interface TemplateDetail {
  /** The last ones, the newest first, archived ones left out. */
  versions: CoderVersion[];
  /** The last lines of the import under way. */
  log: string[];
}

/** @throws ServiceError */
export async function readDetail(
  coder: V2Client,
  { building }: Rollout,
  { template }: FoundTemplate,
  signal: AbortSignal,
): Promise<TemplateDetail> {
  const [versions, lines] = await Promise.all([
    coder.listVersions(template.id, signal),
    building?.versionId ? coder.listLogs(building.versionId, signal) : [],
  ]);
  return {
    versions: versions
      .toSorted((one, other) => other.created_at.getTime() - one.created_at.getTime())
      .slice(0, MOST_VERSIONS),
    log: lines.slice(-MOST_LINES).map(({ output }) => shorten(output)),
  };
}
