import type { V2Client } from './client.ts';
import type { CoderVersion } from './schema.ts';
import { VERSION_PREFIX } from './version-name.ts';

/** The versions of a template that the bridge made, the latest first, archived ones left out. @throws ServiceError */
export async function listOwnVersions(
  coder: V2Client,
  templateId: string,
  signal: AbortSignal,
): Promise<CoderVersion[]> {
  const [{ id: me }, versions] = await Promise.all([
    coder.me(signal),
    coder.listVersions(templateId, signal),
  ]);
  return versions
    .filter(({ created_by, name }) => created_by.id === me && name.startsWith(VERSION_PREFIX))
    .sort((a, b) => b.created_at.getTime() - a.created_at.getTime());
}
