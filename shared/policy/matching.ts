import semver from 'semver';
import { compileGlob } from './glob.ts';
import { compileRe2, type Pattern } from './re2.ts';
import type { Reference } from './reference.ts';

/** The parts of a rule that decide what it matches; of `tag` one at most. */
export interface RulePatterns {
  repository: string;
  tag?: { glob?: string | undefined; semver?: string | undefined; regex?: string | undefined } | undefined;
}

/** Gives the place of the first rule that matches; -1 when none does. */
type FindFirst = (reference: Reference) => number;

const compiled = new WeakMap<readonly RulePatterns[], FindFirst>();

/** Place of the first rule that matches; -1 when none does. The rules are compiled once. */
export function firstMatch(rules: readonly RulePatterns[], reference: Reference): number {
  const findFirst = compiled.get(rules) ?? compileRules(rules);
  compiled.set(rules, findFirst);
  return findFirst(reference);
}

/** How much there is to match in the worst case, in instructions of RE2. */
export function sizeOf(rules: readonly RulePatterns[]): number {
  const patterns = rules.flatMap(({ repository, tag = {} }) => [
    compileGlob(repository),
    ...(tag.glob === undefined ? [] : [compileGlob(tag.glob)]),
    ...(tag.regex === undefined ? [] : [compileRe2(tag.regex)]),
  ]);
  return patterns.reduce((sum, pattern) => sum + pattern.programSize(), 0);
}

/** A comparison asks about all tags of one repository in a row, so its rules are kept until another is asked about. */
function compileRules(rules: readonly RulePatterns[]): FindFirst {
  const compiledRules = rules.map(({ repository, tag }, place) => ({
    place,
    matchesRepository: lazily(() => compileGlob(repository)),
    matchesTag: compileTag(tag),
  }));
  let asked: string | undefined;
  let candidates: typeof compiledRules = [];
  return ({ repository, tag }) => {
    if (repository !== asked) {
      candidates = compiledRules.filter(rule => rule.matchesRepository(repository));
      asked = repository;
    }
    const version = semver.parse(tag);
    return candidates.find(rule => rule.matchesTag(tag, version))?.place ?? -1;
  };
}

function compileTag({ glob, semver: range, regex }: NonNullable<RulePatterns['tag']> = {}) {
  if (glob !== undefined) return lazily(() => compileGlob(glob));
  if (regex !== undefined) return lazily(() => compileRe2(regex));
  if (range === undefined) return () => true;
  const versions = new semver.Range(range);
  return (_tag: string, version: semver.SemVer | null) => version !== null && versions.test(version);
}

/** Compiles with the first text, since most pushes are decided by a few of the rules. */
function lazily(compile: () => Pattern): (text: string) => boolean {
  let pattern: Pattern | undefined;
  return text => {
    pattern ??= compile();
    return pattern.matches(text);
  };
}
