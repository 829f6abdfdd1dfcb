import { expect, test } from 'vitest';
import type { Policy } from '../../../shared/policy/policy.ts';
import { pullScopes } from '../../../shared/policy/pull-scopes.ts';

test.each<[string, Policy['rules'], string[]]>([
  ['no rules at all', [], ['*']],
  ['nothing but exclusions', [{ repository: 'scratch/**', action: 'exclude' }], ['*']],
  ['a name', [{ repository: 'base/ubuntu' }], ['base/ubuntu']],
  ['a prefix', [{ repository: 'team/**' }], ['team/*']],
  ['one level', [{ repository: 'team/*' }], ['team/*']],
  ['a wildcard within a part', [{ repository: 'team/app-*' }], ['team/*']],
  ['a wildcard in the first part', [{ repository: 'team-?/app' }], ['*']],
  ['choices', [{ repository: 'team-{a,b}/{x,y*}' }], ['team-a/*', 'team-b/*']],
  ['choices of prefixes', [{ repository: '{team,samples}/**' }], ['team/*', 'samples/*']],
  ['no choice', [{ repository: '{,team}/app' }], ['team/app']],
  ['nested choices', [{ repository: '{a,{b,c}}/app' }], ['*']],
  [
    'more choices than a scope map takes',
    [{ repository: 'x/{a,b,c,d,e}{a,b,c,d,e}{a,b,c,d,e}' }, { repository: 'y' }],
    ['x/*', 'y'],
  ],
  [
    'a prefix that covers another',
    [{ repository: 'a/b/**' }, { repository: 'a/**' }, { repository: 'a/x' }],
    ['a/*'],
  ],
  ['everything, and more', [{ repository: 'a/**' }, { repository: '**' }], ['*']],
  ['the same twice', [{ repository: 'a/**' }, { repository: 'a/*' }], ['a/*']],
  ['a name that only begins alike', [{ repository: 'a/**' }, { repository: 'ab' }], ['a/*', 'ab']],
])('a scope map for %s', (_, rules, scopes) => {
  expect(pullScopes({ rules })).toEqual(scopes);
});
