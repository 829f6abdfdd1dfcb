import type { Policy } from '../policy.ts';

/**
 * The repositories that Coder must be able to pull from, as scope maps name them: a repository, everything below a
 * prefix (`team/*`), or everything (`*`); they know no other wildcards. Never less than the policy imports.
 */
export function pullScopes({ rules }: Policy): string[] {
  const scopes = new Set(
    rules.filter(({ action }) => action !== 'exclude').map(rule => toScope(rule.repository)),
  );
  if (scopes.size === 0) return ['*'];
  return [...scopes].filter(scope => ![...scopes].some(other => other !== scope && covers(other, scope)));
}

function toScope(glob: string): string {
  const wildcard = glob.search(/[*?[\]{}()!\\]/);
  if (wildcard < 0) return glob;
  return `${glob.slice(0, glob.lastIndexOf('/', wildcard) + 1)}*`;
}

/** Whether a scope is, or includes, a repository or another scope. */
export function covers(scope: string, other: string): boolean {
  return scope === other || (scope.endsWith('*') && other.startsWith(scope.slice(0, -1)));
}
