import type { V2Client } from '../client.ts';
import type { CoderParameter, CoderPreset } from '../schema.ts';
import type { CatalogEntry } from './value.ts';

/** What may use the entries of a catalog. */
export interface UserSearch {
  coder: Pick<V2Client, 'authCheck' | 'countWorkspaces'>;
  organizationId: string;
  template: string;
  /** Of the active version. */
  parameters: readonly CoderParameter[];
  presets: readonly CoderPreset[];
  tags: Readonly<Record<string, string>>;
}

/**
 * Why entries are in use, by their ids. What the bridge cannot find out counts as in use: a workspace whose option is
 * gone cannot be updated any more.
 * @throws ServiceError
 */
export async function findUses(
  search: UserSearch,
  entries: readonly CatalogEntry[],
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const { coder, organizationId: organization_id } = search;
  const object = { resource_type: 'workspace', organization_id };
  const { read } = await coder.authCheck({ read: { object, action: 'read' } }, signal);
  const uses = await Promise.all(
    entries.map(async ({ id }) => [id, await whyUsed(search, id, read === true, signal)] as const),
  );
  return Object.fromEntries(uses.flatMap(([id, why]) => (why ? [[id, why]] : [])));
}

async function whyUsed(
  { coder, organizationId, template, parameters, presets, tags }: UserSearch,
  id: string,
  mayRead: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  const names = parameters.filter(offers(id)).map(({ name }) => name);
  const [preset] = presets.filter(({ Parameters }) =>
    Parameters?.some(({ Name, Value }) => names.includes(Name) && Value === id),
  );
  if (preset) return `The preset ${preset.Name} of the template names it.`;
  const [tag] = Object.entries(tags).filter(([, value]) => value === id);
  if (tag) return `The workspace tag ${tag[0]} of the template names it.`;
  if (!mayRead)
    return 'The bridge cannot tell which workspaces use it: its user lacks the right, or its token the scope, workspace:read.';
  // The search has no way to write a quote.
  if (names.length === 0 || id.includes('"'))
    return 'The bridge cannot tell which workspaces use it: no parameter of the template offers it.';
  const counts = await Promise.all(
    names.map(name => {
      const query = `template:${template} organization:${organizationId} param:"${name}=${id}"`;
      return coder.countWorkspaces(query, signal);
    }),
  );
  const count = counts.reduce((sum, each) => sum + each, 0);
  return count > 0 ? `${count === 1 ? 'A workspace uses' : `${count} workspaces use`} it.` : undefined;
}

export function offers(id: string): (parameter: CoderParameter) => boolean {
  return ({ options }) => options?.some(({ value }) => value === id) ?? false;
}
