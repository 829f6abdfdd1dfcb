import { unclear, type Verdict, wrong } from '../../lib/check.ts';
import type { V2Client } from './client.ts';
import type { CoderTemplate } from './schema.ts';

/** A template as the rules name it. */
export interface NamedTemplate {
  organization: string;
  template: string;
}

const SEEN_WITHIN_MS = 2 * 60_000;

/** Whether Coder has lately seen a provisioner that takes the imports of a template. @throws ServiceError */
export async function checkProvisioners(
  coder: Pick<V2Client, 'getVersion' | 'listProvisioners'>,
  { organization, template }: NamedTemplate,
  { active_version_id }: Pick<CoderTemplate, 'active_version_id'>,
  now: Date,
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const [active, daemons] = await Promise.all([
    coder.getVersion(active_version_id, signal),
    coder.listProvisioners(organization, signal),
  ]);
  const wanted = ownTags(active?.job.tags);
  // Coder shows none to a token that may not read them.
  if (daemons.length === 0) return unclear('Coder shows the bridge no provisioner.');
  const fits = daemons.some(({ tags, last_seen_at }) => {
    const isSeen = Date.parse(last_seen_at ?? '') > now.getTime() - SEEN_WITHIN_MS;
    return isSeen && takes(ownTags(tags), wanted);
  });
  if (fits) return undefined;
  const tags = wanted.map(([name, value]) => `${name}=${value}`);
  return wrong(
    'no-provisioner',
    `No provisioner with the tags ${tags.join(' ')} of ${template} was seen in the last two minutes.`,
    `Start one: coder provisioner start --tag ${tags.join(' --tag ')}`,
  );
}

type Tags = [name: string, value: string][];

function ownTags(tags: Readonly<Record<string, string>> | null | undefined): Tags {
  return Object.entries(tags ?? {}).filter(([name, value]) => name !== 'owner' && value);
}

/** An import without tags of its own goes only to a provisioner without any. */
function takes(has: Tags, wanted: Tags): boolean {
  const isTagged = wanted.some(([name]) => name !== 'scope');
  if (!isTagged && has.length !== wanted.length) return false;
  return wanted.every(([name, value]) => has.some(([other, its]) => other === name && its === value));
}
