import type { ChildResource } from './child-resource.ts';
import type { RegistryState } from './registry.ts';

/** Which token may do what in which repositories. What it says counts at once, also before it is `Succeeded`. */
export interface ScopeMap extends ChildResource {
  type: 'SystemDefined' | 'UserDefined';
  description: string;
  /** `repositories/NAME/content/read` and so on. */
  actions: readonly string[];
}

/** The scope maps of one registry. Names are compared without regard to case. */
export interface ScopeMaps {
  all(): ScopeMap[];
  find(name: string): ScopeMap | undefined;
  findById(id: string): ScopeMap | undefined;
  /** Makes it, or changes what is said. */
  put(name: string, changes: Partial<Pick<ScopeMap, 'description' | 'actions'>>): ScopeMap;
  delete(name: string): boolean;
}

/** Every registry has these: https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions */
const SYSTEM_DEFINED: Readonly<Record<string, string[]>> = {
  _repositories_pull: ['content/read'],
  _repositories_push: ['content/read', 'content/write'],
  _repositories_admin: ['content/read', 'content/write', 'content/delete', 'metadata/read', 'metadata/write'],
};

export function createScopeMaps({ registry, now, behaviour }: RegistryState): ScopeMaps {
  const byName = new Map<string, ScopeMap>();
  const find = (name: string) => byName.get(name.toLowerCase());
  const make = (name: string, type: ScopeMap['type'], readyAt: Date): ScopeMap => ({
    ...{ id: `${registry().resourceId}/scopeMaps/${name}`, name, type },
    ...{ description: '', actions: [], createdAt: now(), doing: 'Creating', readyAt },
  });
  for (const [name, rights] of Object.entries(SYSTEM_DEFINED)) {
    const actions = rights.map(right => `repositories/*/${right}`);
    byName.set(name, { ...make(name, 'SystemDefined', now()), actions });
  }
  return {
    all: () => [...byName.values()],
    find,
    findById: id => [...byName.values()].find(map => map.id.toLowerCase() === id.toLowerCase()),
    put(name, changes) {
      const readyAt = new Date(now().getTime() + behaviour.operationMs);
      const known = find(name);
      const map = known
        ? Object.assign(known, changes, { doing: 'Updating', readyAt })
        : { ...make(name, 'UserDefined', readyAt), ...changes };
      byName.set(name.toLowerCase(), map);
      return map;
    },
    delete: name => byName.delete(name.toLowerCase()),
  };
}
