import { randomBytes } from 'node:crypto';

/** Every secret that the stand-ins issued, so that logs can mask it and tests can search for it. */
export interface Secrets {
  /** Remembers `value` as a secret and gives it back. */
  issue(value: string): string;
  /** A new random secret, remembered. */
  random(): string;
  /** `text` with every known secret of four characters or more replaced by `***`. */
  blank(text: string): string;
  all(): readonly string[];
}

/** Number of last characters by which a secret is found in a text: all tokens have the same first characters. */
const END_LENGTH = 4;

/** @param base further secrets to mask and find */
export function createSecrets(base?: Secrets): Secrets {
  const known = new Set<string>();
  // One pass over the text, since a burst of requests issues thousands of tokens.
  const byEnd = new Map<string, string[]>();
  function issue(value: string): string {
    if (known.has(value)) return value;
    known.add(value);
    const end = value.slice(-END_LENGTH);
    byEnd.set(end, [...(byEnd.get(end) ?? []), value]);
    return value;
  }
  function blank(text: string): string {
    let blanked = base?.blank(text) ?? text;
    for (let at = 0; at + END_LENGTH <= text.length; at += 1) {
      const candidates = byEnd.get(text.slice(at, at + END_LENGTH)) ?? [];
      for (const secret of candidates) blanked = blanked.replaceAll(secret, '***');
    }
    return blanked;
  }
  return {
    issue,
    random: () => issue(randomBytes(24).toString('base64url')),
    blank,
    all: () => [...(base?.all() ?? []), ...known],
  };
}
