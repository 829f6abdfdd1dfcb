import { Registry } from './answers.ts';
import type { Bridge } from './bridge.ts';
import { CommandError, EXIT } from './exit.ts';
import { registryPath } from './registry-path.ts';

/** A tag of a repository. */
export interface Reference {
  repository: string;
  tag: string;
}

/**
 * Reads `team/app:v1`, also behind the registry's login server, as docker names it; whether the names are right the
 * bridge says.
 *
 * @param loginServer of the registry, if the caller may read it
 * @throws CommandError `usage`
 */
export function parseImage(text: string, loginServer?: string): Reference {
  const name = withoutHost(text, loginServer);
  const colon = name.lastIndexOf(':');
  const reference = { repository: name.slice(0, Math.max(colon, 0)), tag: name.slice(colon + 1) };
  if (reference.repository && reference.tag && !reference.tag.includes('/')) return reference;
  throw new CommandError(EXIT.usage, `Name the image as repository:tag, such as team/app:v1, not ${text}.`);
}

/** The same, and asks for the login server where the text may begin with one. */
export async function readImage(bridge: Bridge, registry: string, text: string): Promise<Reference> {
  if (!/^[^/]*[.:].*\//.test(text)) return parseImage(text);
  const { loginServer } = await bridge.ask(Registry, { path: registryPath(registry) });
  return parseImage(text, loginServer);
}

/** The first part of a repository's name may have dots, and never a colon. */
function withoutHost(text: string, loginServer: string | undefined): string {
  const slash = text.indexOf('/');
  const host = text.slice(0, Math.max(slash, 0)).toLowerCase();
  const isHost = loginServer ? host === loginServer.toLowerCase() : /:|\.azurecr\./.test(host);
  return isHost ? text.slice(slash + 1) : text;
}

/** Path of the image record in the API. */
export function imagePath(registry: string, { repository, tag }: Reference): string {
  return `images/${encodeURIComponent(registry)}/${encodeURIComponent(`${repository}:${tag}`)}`;
}
