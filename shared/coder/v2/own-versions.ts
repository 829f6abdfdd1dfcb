import type { V2Client } from './client.ts';
import type { CoderUser, CoderVersion } from './schema.ts';
import { VERSION_PREFIX } from './version-name.ts';

/** Whether the bridge made it. @param me the user whose token the bridge has */
export function isOwn({ created_by, name }: CoderVersion, me: CoderUser): boolean {
  return created_by.id === me.id && name.startsWith(VERSION_PREFIX);
}

/** The versions of a template that the bridge made, the latest first, archived ones left out. @throws ServiceError */
export async function listOwnVersions(
  coder: V2Client,
  templateId: string,
  signal: AbortSignal,
): Promise<CoderVersion[]> {
  const [me, versions] = await Promise.all([coder.me(signal), coder.listVersions(templateId, signal)]);
  return versions
    .filter(version => isOwn(version, me))
    .sort((a, b) => b.created_at.getTime() - a.created_at.getTime());
}
