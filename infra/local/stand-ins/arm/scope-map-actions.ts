import { type Action, CATALOG, type Grant, grantActions } from '../registry/scope.ts';

/** `repositories/NAME/content/read` and so on; NAME may end with a wildcard, or be nothing else. */
const FORM = /^repositories\/(\*|(?:[a-z0-9._-]+\/)*(?:[a-z0-9._-]+|\*))\/((?:content|metadata)\/[a-z]+)$/;

const MEANINGS: Readonly<Record<string, Action>> = {
  'content/read': 'pull',
  'content/write': 'push',
  'content/delete': 'delete',
  'metadata/read': 'metadata_read',
  'metadata/write': 'metadata_write',
};

/** An action of a scope map, taken apart. */
interface ScopeMapAction {
  /** A repository's name, `prefix/*`, or `*`. */
  repository: string;
  action: Action;
}

/** Undefined when it is none. */
export function parseScopeMapAction(text: string): ScopeMapAction | undefined {
  const [, repository, right = ''] = FORM.exec(text) ?? [];
  const action = MEANINGS[right];
  return repository && action ? { repository, action } : undefined;
}

/**
 * What a token with these actions may do. Only `*` lets it list the repositories: github.com/Azure/acr/issues/751
 */
export function grantScopeMap(texts: readonly string[]): Grant {
  const actions = texts.map(parseScopeMapAction).filter(action => action !== undefined);
  const allowed = (fits: (repository: string) => boolean) => [
    ...new Set(actions.filter(({ repository }) => fits(repository)).map(({ action }) => action)),
  ];
  return scope => {
    if (scope.type === CATALOG.type) {
      return allowed(repository => repository === '*').includes('metadata_read') ? CATALOG.actions : [];
    }
    return grantActions(allowed(repository => covers(repository, scope.name)))(scope);
  };
}

function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}
