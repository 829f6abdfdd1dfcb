import { describe, expect, test } from 'vitest';
import { compileGlob } from '../../../shared/policy/glob.ts';
import { applyPolicy, Policy } from '../../../shared/policy/policy.ts';

const HEX = 'a'.repeat(64);

describe('the first rule that matches decides', () => {
  const policy = Policy.parse({
    rules: [
      { repository: 'dev/secret', action: 'exclude' },
      { repository: 'dev/**', tag: { semver: '>=1.0.0' }, defaultTag: 'highest-semver' },
      { repository: 'dev/*', tag: { glob: 'pr-*' } },
      { repository: '{ops,data}/**', tag: { regex: '\\d{8}' } },
    ],
  });

  test.each([
    ['dev/app', '1.2.3', 'import'],
    ['dev/app', 'v1.2.3', 'import'],
    ['dev/a/b', '2.0.0', 'import'],
    ['dev/app', '0.9.0', 'no-rule'],
    ['dev/app', '1.2.3-rc.1', 'no-rule'],
    ['dev/app', 'latest', 'no-rule'],
    ['dev/app', 'pr-12', 'import'],
    ['dev/a/b', 'pr-12', 'no-rule'],
    ['dev', '1.2.3', 'no-rule'],
    ['dev/secret', '1.2.3', 'excluded'],
    ['ops/tool', '20260131', 'import'],
    ['data/x/y', '20260131', 'import'],
    ['ops/tool', '20260131-x', 'no-rule'],
    ['other', '1.2.3', 'no-rule'],
  ])('%s:%s → %s', (repository, tag, expected) => {
    const verdict = applyPolicy({ policy }, { repository, tag });

    expect(verdict.action === 'import' ? 'import' : verdict.reason).toBe(expected);
  });
});

test.each([
  ['latest', 'import'],
  [`sha256-${HEX}.sig`, 'skip'],
  [`sha256-${HEX}.att`, 'skip'],
  [`sha256-${HEX}.sbom`, 'skip'],
  [`sha256-${HEX}`, 'skip'],
  [`sha256-${HEX}x`, 'import'],
  ['sha256-abc.sig', 'import'],
])('without rules every tag is imported but those of signatures and their kin: %s → %s', (tag, action) => {
  expect(applyPolicy({ policy: { rules: [] } }, { repository: 'team/app', tag }).action).toBe(action);
});

test('signature tags stay out even where a rule matches them', () => {
  const policy = Policy.parse({ rules: [{ repository: '**', tag: { glob: '*' } }] });

  expect(applyPolicy({ policy }, { repository: 'a', tag: `sha256-${HEX}.sig` })).toEqual({
    action: 'skip',
    reason: 'excluded',
    withdraw: false,
  });
});

describe('a registry or a rule that is suspended or pinned', () => {
  const rule = { repository: 'a' };
  const excluding = { ...rule, action: 'exclude', onDelete: 'remove' };
  const imported = { action: 'import', pinned: false };
  const suspended = { action: 'skip', reason: 'suspended', withdraw: false };
  test.each<[string, object, object[], object]>([
    ['neither', {}, [rule], imported],
    ['a suspended registry', { suspended: true }, [], suspended],
    ['a suspended registry with a rule', { suspended: true }, [rule], suspended],
    ['a suspended rule', {}, [{ ...rule, suspended: true }], suspended],
    ['another rule suspended', {}, [{ repository: 'b', suspended: true }, rule], imported],
    ['a pinned registry', { pinned: true }, [], { ...imported, pinned: true }],
    ['a pinned rule', {}, [{ ...rule, pinned: true }], { ...imported, pinned: true }],
    [
      'an excluding rule that removes',
      {},
      [excluding],
      { action: 'skip', reason: 'excluded', withdraw: true },
    ],
    [
      'the same, suspended',
      { suspended: true },
      [excluding],
      { action: 'skip', reason: 'excluded', withdraw: false },
    ],
  ])('%s', (_, registry, rules, expected) => {
    const policy = Policy.parse({ rules });

    expect(applyPolicy({ ...registry, policy }, { repository: 'a', tag: 'v1' })).toMatchObject(expected);
  });
});

test.each([
  ['a range that is none', { repository: '*', tag: { semver: 'one' } }, 'semver range'],
  ['an expression with look-ahead', { repository: '*', tag: { regex: '(?=a)' } }, 'RE2'],
  ['an unbalanced expression', { repository: '*', tag: { regex: '(' } }, 'RE2'],
  ['an expression whose program is large', { repository: '*', tag: { regex: '\\pL{0,999}' } }, 'too large'],
  ['two languages at once', { repository: '*', tag: { glob: '*', semver: '*' } }, 'exactly one'],
  ['no language', { repository: '*', tag: {} }, 'exactly one'],
  ['a platform without architecture', { repository: '*', platforms: ['linux'] }, 'linux/amd64'],
  ['memory in parts of a GB', { repository: '*', defaults: { memoryGb: 1.5 } }, 'int'],
  [
    'a source that is no web address',
    { repository: '*', defaults: { sourceRepoUrl: 'javascript:x' } },
    'http',
  ],
  ['an unknown field', { repository: '*', onDelet: 'keep' }, 'onDelet'],
  [
    'more than a table property holds',
    { repository: '*', defaults: { description: 'x'.repeat(4_097) } },
    '4096',
  ],
])('a rule with %s is refused', (_, rule, message) => {
  expect(Policy.safeParse({ rules: [rule] }).error?.message).toContain(message);
});

test.each([
  ['a regex', { repository: '*', tag: { regex: '(a+)+b' } }],
  ['a glob over the tag', { repository: '*', tag: { glob: `${'*a'.repeat(20)}b` } }],
  ['a glob over the repository', { repository: `${'*a'.repeat(20)}b` }],
])('%s that a backtracking matcher would hang on is answered', (_, rule) => {
  const policy = Policy.parse({ rules: [rule] });

  expect(applyPolicy({ policy }, { repository: 'a'.repeat(128), tag: 'a'.repeat(128) }).action).toBe('skip');
});

test.each([
  ['**', 'a/b/c', true],
  ['*', 'a', true],
  ['*', 'a/b', false],
  ['**/app', 'app', true],
  ['**/app', 'x/y/app', true],
  ['a/**/b', 'a/b', true],
  ['a/**/b', 'a/x/y/b', true],
  ['a/**/b', 'ab', false],
  ['v?', 'v1', true],
  ['v[0-9]*', 'v1x', true],
  ['*.*', '1.2', true],
  ['a.b', 'axb', false],
  ['{a,b/*}', 'b/c', true],
  ['{a,{b,c}}-x', 'c-x', true],
  ['{,team}/app', 'team/app', true],
  ['x/{**,a}/c', 'x/y/z/c', true],
  ['a/**', 'a', false],
  ['a/**/**/b', 'a/b', true],
  ['a**', 'a/b', false],
  ['***', 'a/b', false],
  ['[!a]x', 'bx', true],
  ['[^a]x', 'ax', false],
  ['a[!b]c', 'a/c', false],
  ['[a-cx]', 'b', true],
  ['[a-]', '-', true],
  ['V*', 'v1', false],
])('the glob %s on %s: %s', (glob, text, expected) => {
  expect(compileGlob(glob).matches(text)).toBe(expected);
});

test.each([
  ['Team/**', 'lower case'],
  ['/team', 'slash'],
  ['team/', 'slash'],
  ['localhost:5443/team/**', 'without a host'],
  ['', 'empty'],
  ['{team', 'braces come in pairs'],
  ['{team}', 'braces come in pairs'],
  ['a,b', 'braces come in pairs'],
  ['{1..3}', 'braces come in pairs'],
  ['[a', 'brackets come in pairs'],
  ['[]', 'brackets come in pairs'],
  ['[[:alpha:]]', 'without a host'],
  ['[z-a]', 'range'],
  ['(a|b)', 'no name has a "("'],
  ['a\\*', 'no name has a "\\\\"'],
  ['a b', 'no name has a " "'],
])('a glob that can match no repository is refused: %s', (repository, message) => {
  const { error } = Policy.safeParse({ rules: [{ repository }] });
  expect(error?.issues.map(issue => issue.message)).toEqual([expect.stringContaining(message)]);
});
