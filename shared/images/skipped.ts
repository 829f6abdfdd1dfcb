import type { Rule, Verdict } from '../policy/policy.ts';

/** Says which rule of the policy leaves an image out, in the words of its declaration. */
export function whySkipped({ reason, rule }: Extract<Verdict, { action: 'skip' }>): string {
  if (reason === 'no-rule') return "No rule of the registry's policy matches.";
  if (reason === 'suspended')
    return rule ? `The rule ${nameOf(rule)} is suspended.` : 'The registry is suspended.';
  return rule
    ? `The rule ${nameOf(rule)} excludes it.`
    : 'Its tag belongs to a signature, an attestation or an SBOM.';
}

/** What it matches. Its place would change with every rule that is put before it. */
function nameOf({ repository, tag }: Rule): string {
  return JSON.stringify({ repository, tag });
}
