import { redact } from './redaction/redact.ts';

/** A table takes 32 Ki characters, and people read the first few hundred. */
const LONGEST = 500;

/** The beginning of a text that came from outside, without secrets, for what is stored, logged or answered. */
export function shorten(written: string, longest = LONGEST): string {
  // First: half of a secret is harder to find.
  const text = redact(written);
  if (text.length <= longest) return text;
  // Not the first half of a character that takes two.
  return `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
