import type { Registry } from './types.ts';

type Policy = Registry['policy'];

/** What people wrote and did not save yet, by the registry's name; it stays while the tab is open. */
const drafts = new Map<string, string>();

export function draftOf(registry: string): string | undefined {
  return drafts.get(registry);
}

/** @param text undefined forgets it */
export function keepDraft(registry: string, text: string | undefined): void {
  if (text === undefined) drafts.delete(registry);
  else drafts.set(registry, text);
}

/** What another person may not see. */
export function forgetDrafts(): void {
  drafts.clear();
}

/** A policy that a person wrote, if it can have one more rule. */
export function parsePolicy(text: string): Policy | undefined {
  try {
    const policy = JSON.parse(text);
    return Array.isArray(policy?.rules) ? policy : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The policy with one more rule at its end, for a repository that no rule matches.
 * @param hasTemplates whether images go to templates: with Coder v2
 */
export function withRuleFor(repository: string, policy: Policy, hasTemplates: boolean): Policy {
  if (policy.rules.some(rule => rule.repository === repository)) return policy;
  // A variable of a template names the images of one repository.
  const template = repository.split('/').at(-1) as string;
  const rule = { repository, ...(hasTemplates && { templates: [{ template }] }) };
  return { ...policy, rules: [...policy.rules, rule] };
}

/** The places, from 0, of the rules whose images would go to no template. @param policy as a person wrote it */
export function rulesWithoutTemplate(policy: unknown, { templates }: Pick<Registry, 'templates'>): number[] {
  const { rules } = (policy ?? {}) as { rules?: unknown };
  if (!Array.isArray(rules) || templates?.length) return [];
  return rules.flatMap((rule, i) => (rule?.action === 'exclude' || rule?.templates?.length > 0 ? [] : [i]));
}
