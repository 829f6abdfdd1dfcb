import fc from 'fast-check';
import { RE2JS } from 're2js';
import semver from 'semver';
import { expect, onTestFinished, test, vi } from 'vitest';
import { compileGlob } from '../../../shared/policy/glob.ts';
import { firstMatch, type RulePatterns } from '../../../shared/policy/matching.ts';
import { applyPolicy, Policy } from '../../../shared/policy/policy.ts';
import { compileRe2 } from '../../../shared/policy/re2.ts';

const REPOSITORIES = ['a', 'a/b', 'a/b/c', 'b'];
const TAGS = ['v1', 'v1.2.3', '1.2.3', '2.0.0-rc.1', 'latest'];
const rules = fc.array(
  fc.record(
    {
      repository: fc.constantFrom('a', 'a/*', 'a/**', '**', 'b', '{a,b}', '?'),
      tag: fc.oneof(
        fc.record({ glob: fc.constantFrom('v*', '*', 'latest', '*-rc*') }),
        fc.record({ semver: fc.constantFrom('>=1.0.0', '<2', '*', '>=2.0.0-0') }),
        fc.record({ regex: fc.constantFrom('v\\d+', '[a-z]+', '\\d.*') }),
      ),
    },
    { requiredKeys: ['repository'] },
  ),
  { maxLength: 8 },
);
const references = fc.array(
  fc.record({ repository: fc.constantFrom(...REPOSITORIES), tag: fc.constantFrom(...TAGS) }),
  { minLength: 10, maxLength: 20 },
);

test('whatever was asked before, the first rule that matches decides', () => {
  fc.assert(
    fc.property(rules, references, (given, asked) => {
      for (const reference of asked) {
        const expected = given.findIndex(rule => ruleMatches(rule, reference));
        expect(firstMatch(given, reference)).toBe(expected);
      }
    }),
  );
});

function ruleMatches({ repository, tag }: RulePatterns, asked: { repository: string; tag: string }): boolean {
  if (!compileGlob(repository).matches(asked.repository)) return false;
  if (tag?.glob !== undefined) return compileGlob(tag.glob).matches(asked.tag);
  if (tag?.semver !== undefined) return semver.satisfies(asked.tag, tag.semver);
  if (tag?.regex !== undefined) return RE2JS.compile(tag.regex).matches(asked.tag);
  return true;
}

test('a policy is compiled once, however many tags it decides about and however often it is read', () => {
  const compile = vi.spyOn(RE2JS, 'compile');
  onTestFinished(() => compile.mockRestore());
  const policy = Policy.parse({
    rules: Array.from({ length: 100 }, (_, i) => ({
      repository: `once-${i}/**`,
      tag: { regex: `once-${i}-\\d+` },
    })),
  });
  for (let read = 0; read < 3; read += 1) {
    const asRead = { policy: structuredClone(policy) };
    for (let i = 0; i < 300; i += 1) {
      const repository = `once-${i % 100}/app`;
      const { action } = applyPolicy(asRead, { repository, tag: `once-${i % 100}-${i}` });
      expect(action).toBe('import');
    }
  }

  expect(compile).toHaveBeenCalledTimes(200);
});

test.each([
  ['\\pL{0,999}'.repeat(25)],
  [`(${'ab'.repeat(100)}){900}`],
  ['((a{9}b){9}c){9}'],
  ['[a-z]{600}'],
  ['\\x{61}{700}'],
  ['(?:x|\\QA.B\\E){99}{9}'],
])('an expression whose program is too large is refused: %.30s', regex => {
  expect(() => compileRe2(regex)).toThrow('too large');
});

test.each(['\\pL{0,999}'.repeat(25), `(${'ab'.repeat(100)}){900}`])(
  'one that is far too large is not even compiled: %.30s',
  regex => {
    const compile = vi.spyOn(RE2JS, 'compile');
    onTestFinished(() => compile.mockRestore());

    expect(() => compileRe2(regex)).toThrow('too large');
    expect(compile).not.toHaveBeenCalled();
  },
);

test.each([
  'v?\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}(-(alpha|beta|rc)\\.\\d{1,2})?',
  '[a-zA-Z0-9._-]{0,128}',
  '[0-9a-f]{40}',
  '(0|1|2|3|4|5|6|7|8|9|a|b|c|d|e|f){40}',
  'main-[]x]{3}[^]x]{3}\\d{8}\\.\\d{1,6}',
])('an expression as people write them is taken: %s', regex => {
  expect(compileRe2(regex).programSize()).toBeLessThan(500);
});

test('patterns that are too large together are refused', () => {
  const rule = (i: number) => ({ repository: '**', tag: { regex: `${i}[a-z]{400}` } });
  const policyOf = (rules: number) => ({ rules: Array.from({ length: rules }, (_, i) => rule(i)) });

  expect(Policy.safeParse(policyOf(20)).success).toBe(true);
  expect(Policy.safeParse(policyOf(30)).error?.message).toContain('too large together');
});
