import semver from 'semver';
import * as z from 'zod';
import { RuleWords } from '../coder/words.ts';
import { compileGlob } from './glob.ts';
import { firstMatch, sizeOf } from './matching.ts';
import { compileRe2 } from './re2.ts';
import type { Reference } from './reference.ts';

/** For all patterns of a policy together, so that any policy decides about a push in a fraction of a second. */
const LARGEST_PROGRAMS = 10_000;

const pattern = z
  .string()
  .min(1, 'must not be empty')
  .max(256, { error: 'is longer than 256 characters', abort: true });
const glob = pattern.check(compiles(compileGlob, 'is not a glob, such as "team/**"'));

/** Which tags a rule covers, in exactly one of three languages. */
const TagMatch = z
  .strictObject({
    glob: glob.optional(),
    semver: pattern
      .refine(range => semver.validRange(range) !== null, 'is not a semver range, such as ">=1.0.0 <2"')
      .optional(),
    /** Must match the whole tag. RE2 syntax, because it matches every expression in linear time. */
    regex: pattern
      .check(
        compiles(
          compileRe2,
          'is not a regular expression that RE2 accepts (it has no look-around or back-references)',
        ),
      )
      .optional(),
  })
  .refine(
    match => Object.values(match).filter(value => value !== undefined).length === 1,
    'needs exactly one of glob, semver, regex',
  );

/** A name of OCI has neither capitals nor a slash at its ends. */
const repositoryGlob = pattern
  .refine(text => !/[A-Z:]|^\/|\/$/.test(text), {
    error: 'can match no repository: names are lower case, without a host and without a slash at their ends',
    abort: true,
  })
  .check(compiles(compileGlob, 'is not a glob, such as "team/**"'));

const Rule = z.strictObject({
  /** Glob over the repository name: `*` stays within one path segment, `**` crosses them. */
  repository: repositoryGlob,
  tag: TagMatch.optional(),
  action: z.enum(['import', 'exclude']).optional(),
  /** Platforms, as `os/architecture` or `os/architecture/variant`, that an image must have to be imported. */
  platforms: z
    .array(z.string().regex(/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/, 'must look like linux/amd64'))
    .max(20)
    .optional(),
  /** How long after its push an image may lack one of them; an hour when absent. */
  platformsDeadlineMinutes: z.int().min(1).max(43_200).optional(),
  /** What becomes of Coder's tag when the registry's is gone, or this rule excludes it; `keep` when absent. */
  onDelete: z.enum(['keep', 'remove']).optional(),
  /** Leaves what this rule is about as it is, until that is taken back. */
  suspended: z.boolean().optional(),
  /** Leaves alone what a person chose in Coder, such as the default tag. */
  pinned: z.boolean().optional(),
  ...RuleWords.shape,
});
export type Rule = z.infer<typeof Rule>;

/** The ordered rules of a registry. The first that matches decides; no rules at all means every tagged image. */
export const Policy = z
  .strictObject({ rules: z.array(Rule).max(100) })
  // A string property in Table Storage holds 32 Ki characters.
  .refine(policy => JSON.stringify(policy).length <= 32_000, 'is longer than 32,000 characters as JSON')
  .refine(
    ({ rules }) => sizeOf(rules) <= LARGEST_PROGRAMS,
    'has globs and expressions that are too large together',
  );
export type Policy = z.infer<typeof Policy>;

/** What the policy says of one repository and tag. */
export type Verdict =
  /** `rule` is absent when there are no rules at all. */
  | { action: 'import'; rule?: Rule; pinned: boolean }
  /** By that rule, if it is one. `withdraw`: Coder is not to keep what it was given before. */
  | { action: 'skip'; reason: 'excluded' | 'no-rule' | 'suspended'; rule?: Rule; withdraw: boolean };

/** The parts of a registry that decide about its images. */
export interface PolicyHolder {
  policy: Policy;
  /** As in a rule, for all of them. */
  suspended?: boolean;
  pinned?: boolean;
}

/**
 * Tags under which cosign keeps signatures, attestations and SBOMs, and under which OCI 1.1 clients keep the list
 * of referrers where the registry has no referrers API. They are never images.
 */
const ATTACHED_TAG = /^sha256-[0-9a-f]{64}(\.(sig|att|sbom))?$/;

/** Applies the policy: the first matching rule decides. */
export function applyPolicy(registry: PolicyHolder, { repository, tag }: Reference): Verdict {
  if (ATTACHED_TAG.test(tag)) return { action: 'skip', reason: 'excluded', withdraw: false };
  const { rules } = registry.policy;
  const rule = rules[ruleOf(registry, { repository, tag })];
  if (!rule && rules.length > 0) return { action: 'skip', reason: 'no-rule', withdraw: false };
  const suspended = registry.suspended || rule?.suspended || false;
  if (rule?.action === 'exclude') {
    return { action: 'skip', reason: 'excluded', rule, withdraw: rule.onDelete === 'remove' && !suspended };
  }
  if (registry.suspended) return { action: 'skip', reason: 'suspended', withdraw: false };
  if (rule?.suspended) return { action: 'skip', reason: 'suspended', rule, withdraw: false };
  return { action: 'import', ...(rule && { rule }), pinned: registry.pinned || rule?.pinned || false };
}

/** Place of the first rule that matches; -1 when none does. */
export function ruleOf({ policy }: PolicyHolder, reference: Reference): number {
  return firstMatch(policy.rules, reference);
}

/** Finds what does not compile, and says why. */
function compiles(compile: (text: string) => unknown, fault: string): z.core.CheckFn<string> {
  return context => {
    try {
      compile(context.value);
    } catch (error) {
      const message = `${fault}: ${(error as Error).message}`;
      context.issues.push({ code: 'custom', message, input: context.value });
    }
  };
}
