import type { Policy } from './policy.ts';

/**
 * The repositories that Coder must be able to pull from, as scope maps name them: a repository, everything below a
 * prefix (`team/*`), or everything (`*`); they know no other wildcards. Never less than the policy imports.
 */
export function pullScopes({ rules }: Policy): string[] {
  const globs = rules.filter(({ action }) => action !== 'exclude').map(({ repository }) => repository);
  if (globs.length === 0) return ['*'];
  const scopes = fewest(globs.flatMap(expand).map(toScope));
  return scopes.length <= MOST_SCOPES ? scopes : fewest(globs.map(toScope));
}

/** Each takes two of the 500 actions that a scope map may have; a policy has no more rules. */
const MOST_SCOPES = 100;

function fewest(scopes: string[]): string[] {
  const distinct = [...new Set(scopes)];
  return distinct.filter(scope => !distinct.some(other => other !== scope && covers(other, scope)));
}

/** `{a,b}/c` as `a/c` and `b/c`; what is nested or escaped stays a wildcard. */
function expand(glob: string): string[] {
  const [, before, choices, after] = /^([^\\{}]*)\{([^\\{}]*,[^\\{}]*)\}(.*)$/.exec(glob) ?? [];
  if (choices === undefined) return [glob];
  return choices
    .split(',')
    .map(choice => `${before}${choice}${after}`)
    .filter(name => !name.startsWith('/'))
    .flatMap(expand);
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
