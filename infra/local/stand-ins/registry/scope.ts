/** All that an account or identity may do, under the names that ACR's scopes give it. */
export const EVERY_ACTION = ['pull', 'push', 'delete', 'metadata_read', 'metadata_write', 'catalog'] as const;
export type Action = (typeof EVERY_ACTION)[number];

/** Actions on one resource, as tokens and challenges name them: `repository:team/app:pull,push`. */
export interface Scope {
  type: string;
  name: string;
  actions: string[];
}

/** The rights of a caller: of the actions that a scope asks for, those that are granted. */
export type Grant = (scope: Scope) => string[];

export const CATALOG: Scope = { type: 'registry', name: 'catalog', actions: ['*'] };

export function repositoryScope(name: string, actions: Action[]): Scope {
  return { type: 'repository', name, actions };
}

export function formatScope({ type, name, actions }: Scope): string {
  return `${type}:${name}:${actions.join(',')}`;
}

/** The scopes of a token request: the parameter may be repeated, and one value may hold several. */
export function parseScopes(values: string[]): Scope[] {
  return values
    .flatMap(value => value.split(' '))
    .map(value => /^([a-z-]+):(.+):([^:]*)$/.exec(value))
    .filter(match => match !== null)
    .map(([, type = '', name = '', actions = '']) => ({ type, name, actions: actions.split(',') }));
}

/** The same actions on every repository; `catalog` stands for listing the repositories. */
export function grantActions(actions: readonly Action[]): Grant {
  return scope => {
    if (scope.type === CATALOG.type) return actions.includes('catalog') ? CATALOG.actions : [];
    const granted = actions.filter(action => action !== 'catalog');
    return scope.actions.includes('*') ? granted : granted.filter(action => scope.actions.includes(action));
  };
}

/** What an access token grants: nothing beyond its `access` claim. */
export function grantScopes(scopes: readonly Scope[]): Grant {
  return ({ type, name, actions }) =>
    scopes
      .filter(scope => scope.type === type && scope.name === name)
      .flatMap(scope => scope.actions.filter(action => actions.includes(action)));
}

/** Whether every action of the scope is granted. */
export function permits(grant: Grant, scope: Scope): boolean {
  const granted = grant(scope);
  return scope.actions.every(action => granted.includes(action));
}
